#!/bin/sh
# Installs podman. Runs as root, once, on a machine that becomes an image.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get -q -y -o Acquire::Retries=3 -o Acquire::Languages=none update
# crun is the lighter of the two runtimes that podman takes.
apt-get -q -y -o DPkg::Options::=--force-unsafe-io install --no-install-recommends podman crun

# The unit has a cgroup of its own (Delegate=yes), so podman asks systemd for none.
install -d /etc/containers/containers.conf.d
printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' \
    >/etc/containers/containers.conf.d/60-host.conf
