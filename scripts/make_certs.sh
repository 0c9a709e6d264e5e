#!/bin/bash
# Certificates for trying out mutual TLS: a test authority, a server and clients with their roles.
#
# Usage: make_certs.sh [--days N] [--force] DIRECTORY
#   --days N   how long everything is valid (default 365)
#   --force    replaces what an earlier run left there
#
# Makes ca, server, operator, reader and revoked (each NAME.pem, NAME.key), the revocation list
# revoked.crl, and mPlane's role files users.conf and caps.conf. Keys are EC P-256, mode 0600. Not
# for production: the authority's key lies beside the rest.
#
# Exit status: 0 done; 2 wrong usage; 6 openssl failed or files would be overwritten.
set -euo pipefail
umask 077

readonly authority_files=(ca.pem ca.key revoked.crl users.conf caps.conf)
readonly subject_base=/DC=org/O=tapstat-test
readonly columns=(core end_to_end tcp_options p2p_stats layer7)

usage() {
  echo "usage: make_certs.sh [--days N] [--force] DIRECTORY" >&2
  exit 2
}

fail() {
  echo "make_certs.sh: $1" >&2
  exit 6
}

days=365
force=no
directory=
while [ $# -gt 0 ]; do
  case $1 in
    --days)
      [ $# -ge 2 ] || usage
      days=$2
      shift
      ;;
    --force) force=yes ;;
    -*) usage ;;
    *)
      [ -z "$directory" ] || usage
      directory=$1
      ;;
  esac
  shift
done
[ -n "$directory" ] || usage
case $days in '' | *[!0-9]* | 0*) usage ;; esac
command -v openssl >/dev/null || fail "openssl is not installed. Run: sudo apt install openssl"

mkdir -p "$directory" || fail "cannot make \"$directory\"."
directory=$(cd "$directory" && pwd)
for file in "${authority_files[@]}" {server,operator,reader,revoked}.{pem,key}; do
  if [ "$force" = no ] && [ -e "$directory/$file" ]; then
    fail "\"$directory/$file\" exists. Choose another directory, or replace everything: --force"
  fi
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Runs openssl; its words matter only when it fails.
quiet() {
  openssl "$@" 2>"$work/messages" || {
    cat "$work/messages" >&2
    fail "openssl $1 failed."
  }
}

new_key() {
  quiet ecparam -name prime256v1 -genkey -noout -out "$work/$1.key"
}

# The database that openssl ca keeps of what it signed and revoked.
mkdir "$work/signed"
: >"$work/index.txt"
echo 1000 >"$work/serial"
echo 01 >"$work/crlnumber"
cat >"$work/ca.conf" <<CONF
[ca]
default_ca = test
[test]
dir = $work
database = $work/index.txt
serial = $work/serial
crlnumber = $work/crlnumber
new_certs_dir = $work/signed
certificate = $work/ca.pem
private_key = $work/ca.key
default_md = sha256
default_days = $days
default_crl_days = $days
policy = anything
preserve = yes
unique_subject = no
[anything]
domainComponent = optional
organizationName = optional
organizationalUnitName = optional
commonName = supplied
[req]
distinguished_name = nobody
[nobody]
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server]
basicConstraints = CA:FALSE
extendedKeyUsage = serverAuth, clientAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1, DNS:$(uname -n)
[client]
basicConstraints = CA:FALSE
extendedKeyUsage = clientAuth, serverAuth
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1
CONF

# sign NAME SECTION SUBJECT: a key and a certificate of the test authority.
sign() {
  new_key "$1"
  quiet req -new -config "$work/ca.conf" -key "$work/$1.key" -subj "$3" -out "$work/$1.csr"
  quiet ca -batch -notext -config "$work/ca.conf" -extensions "$2" -in "$work/$1.csr" \
    -out "$work/$1.pem"
}

new_key ca
quiet req -x509 -new -config "$work/ca.conf" -extensions authority -key "$work/ca.key" \
  -days "$days" -sha256 -subj "$subject_base/CN=tapstat test authority" -out "$work/ca.pem"
sign server server "$subject_base/OU=Components/CN=localhost"
sign operator client "$subject_base/OU=Clients/CN=operator"
sign reader client "$subject_base/OU=Clients/CN=reader"
sign revoked client "$subject_base/OU=Clients/CN=revoked"
quiet ca -config "$work/ca.conf" -revoke "$work/revoked.pem"
quiet ca -config "$work/ca.conf" -gencrl -out "$work/revoked.crl"

# mPlane of 2014 looks a client up by its common name, the later generation by all of its subject.
cat >"$work/users.conf" <<ROLES
operator: operator
org.tapstat-test.Clients.operator: operator
reader: reader
org.tapstat-test.Clients.reader: reader
ROLES
for name in "${columns[@]}"; do
  echo "tstat-log_tcp_complete-$name: operator"
done >"$work/caps.conf"

for file in "${authority_files[@]}" {server,operator,reader,revoked}.{pem,key}; do
  cp -f "$work/$file" "$directory/$file" || fail "cannot write \"$directory/$file\"."
  case $file in *.key) chmod 600 "$directory/$file" ;; *) chmod 644 "$directory/$file" ;; esac
done

cat <<TEXT
Certificates for $days days in $directory. Into tapstat.toml:

[control]
certificate = "$directory/server.pem"
key = "$directory/server.key"
client_ca = "$directory/ca.pem"
revoked = "$directory/revoked.crl"

[mplane]
users = "$directory/users.conf"
capabilities = "$directory/caps.conf"

operator may use all five capabilities and change settings; reader may look.
A first try: curl --cacert $directory/ca.pem --cert $directory/operator.pem \\
  --key $directory/operator.key https://localhost:8888/healthz
TEXT
