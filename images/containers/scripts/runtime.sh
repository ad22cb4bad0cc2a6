#!/bin/sh
# Installs podman. Runs as root, once, on a machine that becomes an image.
set -eu

export DEBIAN_FRONTEND=noninteractive
apt-get -q -y -o Acquire::Retries=3 -o Acquire::Languages=none update
# crun is the lighter of the two runtimes that podman takes.
apt-get -q -y -o DPkg::Options::=--force-unsafe-io install --no-install-recommends podman crun

# Without a D-Bus daemon podman cannot ask systemd for cgroups, and need not: the unit has its own.
install -d /etc/containers/containers.conf.d
printf '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\n' \
    >/etc/containers/containers.conf.d/60-host.conf
