#!/usr/bin/env bash
# A Slurm of our own for tests: one controller and two emulated nodes on this machine, all state in
# one folder, no service, no database, no privileges.
#
#   tests/slurm/cluster.sh up FOLDER      then: export SLURM_CONF=FOLDER/slurm.conf
#   tests/slurm/cluster.sh node FOLDER 2  starts node 2 again
#   tests/slurm/cluster.sh down FOLDER
set -euo pipefail
PATH=$PATH:/usr/sbin:/sbin
verb=$1 home=$(mkdir -p "$2" && cd "$2" && pwd)
export SLURM_CONF=$home/slurm.conf
nodes=2 cpus=2
# Ports that hang together with the folder, so that two test runs do not meet.
port=$((20000 + $(printf %s "$home" | cksum | cut -d' ' -f1) % 20000))

configure() {
    local host memory
    host=$(hostname -s)
    memory=$(awk -v n=$nodes '/^MemTotal/ { print int($2 / 1024 / n * 0.9) }' /proc/meminfo)
    cat <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$port
SlurmUser=$(id -un)
SlurmdUser=$(id -un)
AuthType=auth/munge
AuthInfo=socket=$home/munge.socket,cred_expire=5
StateSaveLocation=$home/state
SlurmctldPidFile=$home/pids/slurmctld
SlurmctldLogFile=$home/logs/slurmctld.log
SlurmdPidFile=$home/pids/%n
SlurmdLogFile=$home/logs/%n.log
SlurmdSpoolDir=$home/spool.%n
# A container has no cgroups to give, and fewer cores than these nodes claim.
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SlurmdParameters=config_overrides
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=200
SchedulerParameters=batch_sched_delay=1,sched_interval=2,bf_interval=2
# A node counts as lost, and (cred_expire) a requeued task runs again, within seconds.
SlurmdTimeout=10
KillWait=3
ReturnToService=2
MpiDefault=none
MaxArraySize=9
CONF
    for i in $(seq $nodes); do
        echo "NodeName=n$i NodeHostname=$host NodeAddr=127.0.0.1 Port=$((port + i))" \
            "CPUs=$cpus RealMemory=$memory State=UNKNOWN"
    done
    echo "PartitionName=main Nodes=n[1-$nodes] Default=YES State=UP MaxTime=INFINITE"
}

start_node() {
    mkdir -p "$home/spool.n$1"
    slurmd -f "$SLURM_CONF" -N "n$1"
}

# Waits until all nodes take work.
ready() {
    for _ in $(seq 150); do
        [ "$(sinfo -hN -t idle,mix,alloc -o %N 2>/dev/null | sort -u | wc -l)" -eq $nodes ] && return
        sleep 0.2
    done
    echo "cluster.sh: the nodes did not come up:" >&2
    sinfo -lN >&2 || true
    tail -n 20 "$home"/logs/*.log >&2
    return 1
}

end() { # the process whose number is in the file
    local pid
    [ -s "$1" ] || return 0
    pid=$(<"$1")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 30); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
    rm -f "$1"
}

case $verb in
up)
    mkdir -p "$home"/{pids,logs,state}
    # munge refuses a key or socket that others could write to.
    chmod 755 "$home" "$home"/{pids,logs,state}
    (umask 077 && head -c 1024 /dev/urandom >"$home/munge.key")
    munged --force --key-file="$home/munge.key" --socket="$home/munge.socket" \
        --pid-file="$home/pids/munged" --log-file="$home/logs/munged.log" \
        --seed-file="$home/munge.seed"
    configure >"$SLURM_CONF"
    slurmctld -f "$SLURM_CONF"
    for i in $(seq $nodes); do start_node "$i"; done
    ready
    ;;
node)
    start_node "$3"
    scontrol update "nodename=n$3" state=resume 2>/dev/null || true
    ready
    ;;
down)
    scancel --me 2>/dev/null || true
    sleep 1
    for i in $(seq $nodes); do end "$home/pids/n$i"; done
    end "$home/pids/slurmctld"
    end "$home/pids/munged"
    ;;
*)
    echo "usage: cluster.sh up|down FOLDER, or node FOLDER NUMBER" >&2
    exit 2
    ;;
esac
