#!/bin/sh
set -eu
echo "installing $IMAGE_NAME $IMAGE_VERSION"
