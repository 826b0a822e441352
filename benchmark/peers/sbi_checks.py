"""TARP and L-C2ST of the package sbi on arrays that it writes into the folder `peer`; they and its figures
are in benchmark/tests/data/checks, where a test sets ours beside them. Takes some minutes."""

import os

import numpy as np, torch, warnings
os.makedirs("peer", exist_ok=True)
warnings.filterwarnings("ignore")
from sbi.diagnostics.tarp import _run_tarp
from sbi.diagnostics.lc2st import LC2ST
from sbi.utils.metrics import l2
rng=np.random.default_rng(7)
S=.5; r=.8; Lc=np.array([[1,0],[r,np.sqrt(1-r*r)]])
def noise(n,s=S,L=Lc): return s*(rng.normal(size=(n,2))@L.T)
# TARP
n,m=120,60
x=rng.normal(size=(n,2)); th=x+noise(n)
draws=np.stack([x+noise(n,.35) for _ in range(m)])          # [m, n, 2], too narrow
ref=rng.normal(size=(n,2))*1.1
t=lambda a: torch.tensor(a,dtype=torch.float64)
sd=l2(t(ref),t(draws)); td=l2(t(ref),t(th))
counts=(sd<td).sum(0).numpy()
np.save("peer/tarp_theta.npy",th); np.save("peer/tarp_reference.npy",ref); np.save("peer/tarp_draws.npy",draws.transpose(1,0,2).reshape(n*m,2)); np.savetxt("peer/tarp_counts.csv",counts,fmt="%d")
ecp,alpha=_run_tarp(t(draws),t(th),t(ref),l2,num_bins=20,z_score_theta=False)
print("tarp ok", ecp[10], alpha[10])
n=500
x=rng.normal(size=(n,2)); th=x+noise(n); xo=np.array([.5,-.5])
np.save("peer/lc2st_theta.npy",th); np.save("peer/lc2st_x.npy",x)
rows=[]
for name,f in (("right",lambda c,k: c+noise(k)),("narrow",lambda c,k:c+noise(k,.3)),("shifted",lambda c,k:c+noise(k)+[.25,0]),("uncorrelated",lambda c,k:c+noise(k,S,np.eye(2)))):
    q=f(x,n); qo=f(xo,500)
    np.save(f"peer/lc2st_{name}.npy",q); np.save(f"peer/lc2st_{name}_at_x.npy",qo)
    l=LC2ST(prior_samples=torch.tensor(th,dtype=torch.float32),xs=torch.tensor(x,dtype=torch.float32),posterior_samples=torch.tensor(q,dtype=torch.float32),classifier="mlp",z_score=True,num_trials_null=50,seed=1)
    l.train_under_null_hypothesis(verbosity=0); l.train_on_observed_data()
    a=(torch.tensor(qo,dtype=torch.float32),torch.tensor(xo,dtype=torch.float32))
    st=float(l.get_statistic_on_observed_data(*a)); nu=l.get_statistics_under_null_hypothesis(*a,verbosity=0); nu=np.array(getattr(nu,"scores",nu)).reshape(-1); p=float(l.p_value(*a))
    rows.append((name,st,float(nu.mean()),float(nu.max()),p)); print(rows[-1],flush=True)
open("peer/lc2st_sbi.csv","w").write("posterior,statistic,null_mean,null_max,p_value\n"+"".join(f"{a},{b:.6f},{c:.6f},{d:.6f},{e:.4f}\n" for a,b,c,d,e in rows))
