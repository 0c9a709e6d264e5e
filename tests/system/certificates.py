"""Certificates for the system tests: those of scripts/make_certs.sh, and others one by one."""
import subprocess

from support import SOURCE_ROOT

KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"


def have_openssl():
    return subprocess.run(["openssl", "version"], capture_output=True, check=False).returncode == 0


def openssl(directory, words):
    """Runs `openssl WORDS`; what it says is in the failure, if there is one."""
    done = subprocess.run(
        ["openssl", *words.split()], cwd=directory, capture_output=True, check=False
    )
    if done.returncode != 0:
        raise AssertionError(f"openssl {words}: {done.stderr.decode()}")


def make_set(directory, *options):
    """ca, server, operator, reader and revoked, as users make them."""
    script = str(SOURCE_ROOT / "scripts/make_certs.sh")
    subprocess.run(
        ["bash", script, *options, str(directory)],
        check=True,
        capture_output=True,
        stdin=subprocess.DEVNULL,
    )
    return directory


def make_authority(directory, name):
    openssl(
        directory,
        f"req -x509 {KEY} -keyout {name}.key -out {name}.pem -days 2 -subj /O=tapstat/CN={name} "
        "-addext basicConstraints=critical,CA:TRUE",
    )


def make_signed(directory, name, authority, extensions):
    (directory / f"{name}.ext").write_text(extensions)
    subject = f"/O=tapstat/CN={name}"
    openssl(directory, f"req {KEY} -keyout {name}.key -out {name}.csr -subj {subject}")
    openssl(
        directory,
        f"x509 -req -in {name}.csr -CA {authority}.pem -CAkey {authority}.key -CAcreateserial "
        f"-days 2 -out {name}.pem -extfile {name}.ext",
    )


def make_expired(directory):
    """A client's certificate of the authority in `directory` that ended years ago; its name."""
    openssl(directory, f"req -new {KEY} -keyout expired.key -subj /CN=expired -out expired.csr")
    (directory / "expired.cnf").write_text(
        "[ca]\ndefault_ca = a\n[a]\ndatabase = expired.index\nnew_certs_dir = .\n"
        "default_md = sha256\npolicy = p\nrand_serial = yes\n[p]\ncommonName = supplied\n"
    )
    (directory / "expired.index").write_text("")
    openssl(
        directory,
        "ca -batch -config expired.cnf -cert ca.pem -keyfile ca.key -startdate 20200101000000Z "
        "-enddate 20200102000000Z -in expired.csr -out expired.pem -notext",
    )
    return "expired"


def control_section(directory, server="server"):
    """tapstat.toml for the certificates of make_set()."""
    return f"""[control]
certificate = "{directory}/{server}.pem"
key = "{directory}/{server}.key"
client_ca = "{directory}/ca.pem"
revoked = "{directory}/revoked.crl"
handshake_timeout = "1s"
[mplane]
users = "{directory}/users.conf"
capabilities = "{directory}/caps.conf"
"""
