#!/bin/sh
# Installs nginx and the page, with the version of the image in it. Runs as root, once, on a machine
# that becomes an image: IMAGE_NAME, IMAGE_VERSION and IMAGE_FILES (the uploaded folder) are set.
set -eu

# Syncing every package to disk protects against a crash; a bake that crashes is thrown away anyway.
packages() {
    DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Acquire::Retries=3 -o Acquire::Languages=none \
        -o DPkg::Options::=--force-unsafe-io "$@"
}

fill_in() {
    sed -e "s/@IMAGE_NAME@/$IMAGE_NAME/g" -e "s/@IMAGE_VERSION@/$IMAGE_VERSION/g" \
        "$IMAGE_FILES/$1" >"$2"
    chmod 0644 "$2"
}

# Services start on the machines made from the image, not on this one.
printf '#!/bin/sh\nexit 101\n' >/usr/sbin/policy-rc.d
chmod 0755 /usr/sbin/policy-rc.d
packages update
packages install --no-install-recommends nginx-light
rm /usr/sbin/policy-rc.d

mkdir -p /srv/web
fill_in index.html /srv/web/index.html
fill_in healthz.json /srv/web/healthz.json
fill_in web.conf /etc/nginx/conf.d/web.conf
rm /etc/nginx/sites-enabled/default
nginx -t

apt-get clean
rm -rf /var/lib/apt/lists/*
