//! The priors that are looked at.

use freeform_simulators::Prior;

pub fn prior(text: &str) -> Prior {
    Prior::from_toml_str(text).unwrap_or_else(|error| panic!("{text}\n{error}"))
}

/// A prior of one parameter `p`.
pub fn single(law: &str) -> Prior {
    prior(&format!("[[parameter]]\nname = \"p\"\ndistribution = {law}"))
}

pub const ORDERED: &str = "
[[parameter]]
names = [\"a\", \"b\", \"c\"]
distribution = \"gamma\"
shape = 2.0
rate = 0.5
ordered = true
";

pub const SHARES: &str = "
[[parameter]]
names = [\"a\", \"b\"]
distribution = \"dirichlet\"
concentration = [1.5, 3.0, 0.8]
";

/// Correlated parameters between bounded ones.
pub const BESIDE: &str = "
[[parameter]]
name = \"low\"
distribution = \"loguniform\"
low = 0.01
high = 100

[[parameter]]
names = [\"a\", \"b\"]
distribution = \"multivariate_normal\"
mean = [1.0, -2.0]
covariance = [[2.0, 0.9], [0.9, 0.5]]

[[parameter]]
name = \"share\"
distribution = \"beta\"
alpha = 2
beta = 5
";

/// A hierarchy, its lowest level first.
pub const HIERARCHY: &str = "
[[parameter]]
names = [\"theta1\", \"theta2\"]
distribution = \"normal\"
mean = \"mu\"
std = \"tau\"

[[parameter]]
name = \"mu\"
distribution = \"normal\"
mean = 0
std = 1

[[parameter]]
name = \"tau\"
distribution = \"half_normal\"
scale = 1.5
";

/// Intervals whose ends are parameters.
pub const NESTED: &str = "
[[parameter]]
name = \"end\"
distribution = \"exponential\"
scale = 2.0

[[parameter]]
name = \"start\"
distribution = \"uniform\"
low = 0.0
high = \"end\"
";
