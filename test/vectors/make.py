"""
Writes hashes.json: passwords as foreign tools store them. Run by make.sh, which says what it needs.
Each vector says which tool made it. `hashlib` and `python3-scrypt` stand in where Debian has no tool that writes the
format: there the format's published algorithm is spelled out below.
"""
import base64, hashlib, json, os, subprocess, sys
import argon2, bcrypt, django, passlib, scrypt, werkzeug
from argon2.low_level import Type
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from django.conf import settings
from passlib import hash as p
from werkzeug.security import generate_password_hash

settings.configure()
from django.contrib.auth import hashers  # noqa: E402

PLAIN = "correct horse battery staple"
ACCENTS = "Grüße, café \u0065\u0301, пароль, 密碼 🦄"  # one accent is decomposed: nothing may compose it
LONG = "a password of more than 72 bytes, " * 6 + "und noch ein ö"
SPACE = " "
QUIRK = "x"
PASSWORDS = [PLAIN, ACCENTS, LONG, SPACE, QUIRK]

vectors = []


def add(format, tool, password, hash):
    vectors.append({"format": format, "tool": tool, "password": password, "hash": hash})


def b64(data):
    return base64.b64encode(data).decode()


def nopad(data):
    return b64(data).rstrip("=")


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def argon2_vectors():
    for password in PASSWORDS:
        for type in Type.ID, Type.I, Type.D:
            hasher = argon2.PasswordHasher(time_cost=2, memory_cost=1024, parallelism=2, hash_len=32, type=type)
            add("argon2", "argon2-cffi", password, hasher.hash(password))
    add("argon2", "argon2-cffi, defaults", ACCENTS, argon2.PasswordHasher().hash(ACCENTS))
    for version in 16, 19:
        made = argon2.low_level.hash_secret(PLAIN.encode(), os.urandom(12), 3, 512, 1, 24, Type.I, version)
        add("argon2", f"argon2-cffi, version {version}", PLAIN, made.decode())
    # libargon2 before version 19 wrote no `v=`
    made = argon2.low_level.hash_secret(PLAIN.encode(), os.urandom(16), 3, 512, 1, 32, Type.I, 16).decode()
    add("argon2", "argon2-cffi, version 16, not named", PLAIN, made.replace("$v=16", ""))


def bcrypt_vectors():
    for password in PASSWORDS:
        add("bcrypt", "bcrypt (Python)", password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode())
        add("bcrypt", "bcrypt (Python)", password, bcrypt.hashpw(password.encode(), bcrypt.gensalt(5, b"2a")).decode())
        add("bcrypt", "htpasswd -B", password, run("htpasswd", "-nbB", "-C", "5", "x", password).split(":", 1)[1])
    add("bcrypt", "bcrypt (Python), cost 10", PLAIN, bcrypt.hashpw(PLAIN.encode(), bcrypt.gensalt(10)).decode())
    add("bcrypt", "mkpasswd", ACCENTS, run("mkpasswd", "-m", "bcrypt", "-R", "5", ACCENTS))
    # 2^8 bytes and more, where old implementations of $2a$ lost count
    wide = "ö" * 150
    add("bcrypt", "bcrypt (Python)", wide, bcrypt.hashpw(wide.encode(), bcrypt.gensalt(4, b"2a")).decode())


def scrypt_vectors():
    for password in PASSWORDS:
        add("scrypt", "passlib", password, p.scrypt.using(rounds=10, block_size=8, parallelism=1).hash(password))
        salt = nopad(os.urandom(12))
        made = scrypt.hash(password, salt, 2**12, 8, 1, 64)
        add("scrypt-werkzeug", "python3-scrypt", password, f"scrypt:4096:8:1${salt}${made.hex()}")
        made = scrypt.hash(password, salt, 2**11, 8, 2, 64)
        add("scrypt-django", "python3-scrypt", password, f"scrypt$2048${salt}$8$2${b64(made)}")
    add("scrypt", "passlib, defaults", ACCENTS, p.scrypt.hash(ACCENTS))
    add("scrypt", "passlib", PLAIN, p.scrypt.using(rounds=7, block_size=1, parallelism=3).hash(PLAIN))
    made = hashlib.scrypt(PLAIN.encode(), salt=b"0123456789abcdef", n=2**15, r=8, p=1, maxmem=2**26)
    add("scrypt-werkzeug", "hashlib", PLAIN, f"scrypt:32768:8:1$0123456789abcdef${made.hex()}")
    add(
        "scrypt-django",
        "published: Django's own tests",
        "lètmein",
        "scrypt$16384$seasalt$8$1$Qj3+9PPyRjSJIebHnG81TMjsqtaIGxNQG/aEB/NYafTJ7tibgfYz71m0ldQESkXFRkdVCBhhY8mx7rQwite/Pw==",
    )


def firebase_hash(password, key, salt, separator, rounds, mem_cost):
    derived = hashlib.scrypt(password.encode(), salt=salt + separator, n=2**mem_cost, r=rounds, p=1, dklen=64, maxmem=2**28)
    cipher = Cipher(algorithms.AES(derived[:32]), modes.CTR(bytes(16))).encryptor()
    return cipher.update(key) + cipher.finalize()


def firebase_text(hash, key, salt, separator, rounds, mem_cost):
    return f"$fbscrypt$v=1,n={mem_cost},r={rounds},p=1,ss={b64(separator)},sk={b64(key)}${b64(salt)}${b64(hash)}"


def firebase_vectors():
    published = {
        "key": base64.b64decode("jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA=="),
        "salt": base64.b64decode("42xEC+ixf3L2lw=="),
        "separator": base64.b64decode("Bw=="),
        "rounds": 8,
        "mem_cost": 14,
    }
    stored = base64.b64decode("lSrfV15cpx95/sZS2W9c9Kp6i/LVgQNDNC/qzrCnh1SAyZvqmZqAjTdn3aoItz+VHjoZilo78198JAdRuid5lQ==")
    assert firebase_hash("user1password", **published) == stored
    add("scrypt-firebase", "published: README of firebase/scrypt", "user1password", firebase_text(stored, **published))
    for password in PASSWORDS:
        project = {"key": os.urandom(64), "salt": os.urandom(10), "separator": b"\x07", "rounds": 8, "mem_cost": 11}
        made = firebase_hash(password, **project)
        add("scrypt-firebase", "hashlib, cryptography", password, firebase_text(made, **project))


def pbkdf2_vectors():
    for password in PASSWORDS:
        for name in "pbkdf2_sha1", "pbkdf2_sha256", "pbkdf2_sha512":
            add("pbkdf2", "passlib", password, getattr(p, name).using(rounds=1200).hash(password))
        for digest in "sha1", "sha256", "sha512":
            add("pbkdf2-werkzeug", "Werkzeug", password, generate_password_hash(password, f"pbkdf2:{digest}:1100", 16))
        for hasher in hashers.PBKDF2PasswordHasher(), hashers.PBKDF2SHA1PasswordHasher():
            add("pbkdf2-django", "Django", password, hasher.encode(password, hasher.salt(), 1300))
    add("pbkdf2", "passlib, defaults", ACCENTS, p.pbkdf2_sha256.hash(ACCENTS))
    add("pbkdf2-werkzeug", "Werkzeug, defaults", ACCENTS, generate_password_hash(ACCENTS))
    add("pbkdf2-django", "Django, defaults", ACCENTS, hashers.make_password(ACCENTS))


def crypt_vectors():
    for password in PASSWORDS:
        for format, method in ("sha512-crypt", "sha-512"), ("sha256-crypt", "sha-256"), ("md5-crypt", "md5"):
            add(format, "mkpasswd", password, run("mkpasswd", "-m", method, password))
        add("md5-crypt", "htpasswd -m", password, run("htpasswd", "-nbm", "x", password).split(":", 1)[1])
        add("md5-crypt", "openssl passwd -apr1", password, run("openssl", "passwd", "-apr1", password))
        add("sha512-crypt", "openssl passwd -6", password, run("openssl", "passwd", "-6", password))
        add("sha256-crypt", "openssl passwd -5", password, run("openssl", "passwd", "-5", password))
        add("sha512-crypt", "passlib", password, p.sha512_crypt.using(rounds=1007).hash(password))
        add("sha256-crypt", "passlib", password, p.sha256_crypt.using(rounds=1008).hash(password))
    for salt in "", "a", "abcdefg":
        add("sha512-crypt", "passlib", ACCENTS, p.sha512_crypt.using(rounds=1000, salt=salt).hash(ACCENTS))
        add("sha256-crypt", "passlib", LONG, p.sha256_crypt.using(rounds=1001, salt=salt).hash(LONG))
        add("md5-crypt", "passlib", LONG, p.md5_crypt.using(salt=salt).hash(LONG))
        add("md5-crypt", "passlib", ACCENTS, p.apr_md5_crypt.using(salt=salt).hash(ACCENTS))
    for length in 1, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 129, 255, 256:
        password = "é"[: length % 2] + "z" * (length - 2 * (length % 2))
        add("sha512-crypt", "passlib", password or "z", p.sha512_crypt.using(rounds=1000).hash(password or "z"))
        add("sha256-crypt", "passlib", password or "z", p.sha256_crypt.using(rounds=1000).hash(password or "z"))
        add("md5-crypt", "passlib", password or "z", p.md5_crypt.hash(password or "z"))
    add("sha512-crypt", "mkpasswd, 20000 rounds", PLAIN, run("mkpasswd", "-m", "sha-512", "-R", "20000", PLAIN))


def sha_vectors():
    for password in PASSWORDS:
        for name in "ldap_salted_sha1", "ldap_salted_sha256", "ldap_salted_sha512", "ldap_sha1":
            add("ldap-sha", "passlib", password, getattr(p, name).hash(password))
        add("ldap-sha", "htpasswd -s", password, run("htpasswd", "-nbs", "x", password).split(":", 1)[1])
        for digest in "sha1", "sha256", "sha512":
            salt = os.urandom(9)
            for order, text in ("salt-password", salt + password.encode()), ("password-salt", password.encode() + salt):
                made = hashlib.new(digest, text).digest()
                add("salted-sha", "hashlib", password, f"$salted-{digest}$order={order}${nopad(salt)}${nopad(made)}")


def composed():
    """What systems export in parts, as they export it; the tests compose it."""
    parts = []
    for password in PASSWORDS:
        salt = os.urandom(32)
        blob = salt + hashlib.pbkdf2_hmac("sha256", password.encode(), salt, 100_000, 32)
        parts.append({"system": "flask-demo", "tool": "hashlib", "password": password, "blob": b64(blob)})
        for algorithm, digest, rounds, length in (
            ("pbkdf2", "sha1", 20_000, 64),
            ("pbkdf2-sha256", "sha256", 27_500, 64),
            ("pbkdf2-sha512", "sha512", 210_000, 64),
            ("pbkdf2-sha256", "sha256", 1, 32),
        ):
            salt = os.urandom(16)
            made = hashlib.pbkdf2_hmac(digest, password.encode(), salt, rounds, length)
            credential = {"hashIterations": rounds, "algorithm": algorithm, "additionalParameters": {}}
            parts.append(keycloak("hashlib", password, made, salt, credential))
        salt = os.urandom(16)
        made = argon2.low_level.hash_secret_raw(password.encode(), salt, 5, 7168, 1, 32, Type.ID, 19)
        more = {"hashLength": ["32"], "memory": ["7168"], "type": ["id"], "version": ["1.3"], "parallelism": ["1"]}
        credential = {"hashIterations": 5, "algorithm": "argon2", "additionalParameters": more}
        parts.append(keycloak("argon2-cffi", password, made, salt, credential))
        project = {"key": os.urandom(64), "salt": os.urandom(10), "separator": b"\x07", "rounds": 8, "mem_cost": 11}
        export = {
            "passwordHash": base64.urlsafe_b64encode(firebase_hash(password, **project)).decode(),
            "salt": base64.urlsafe_b64encode(project["salt"]).decode(),
            "base64_signer_key": b64(project["key"]),
            "base64_salt_separator": b64(project["separator"]),
            "rounds": project["rounds"],
            "mem_cost": project["mem_cost"],
        }
        parts.append({"system": "firebase", "tool": "hashlib, cryptography", "password": password, "export": export})
        salt = os.urandom(8)
        made = hashlib.sha256(salt + password.encode()).digest()
        parts.append({"system": "salted-sha", "tool": "hashlib", "password": password, "salt": b64(salt), "digest": b64(made)})
    return parts


def keycloak(tool, password, made, salt, credential):
    secret = {"value": b64(made), "salt": b64(salt), "additionalParameters": {}}
    return {
        "system": "keycloak",
        "tool": tool,
        "password": password,
        "secretData": json.dumps(secret),
        "credentialData": json.dumps(credential),
    }


def debian_version(package):
    return run("dpkg-query", "-W", "-f", "${Version}", package)


PACKAGES = sys.argv[2:]
argon2_vectors()
bcrypt_vectors()
scrypt_vectors()
firebase_vectors()
pbkdf2_vectors()
crypt_vectors()
sha_vectors()
with open(sys.argv[1], "w", encoding="utf-8") as file:
    tools = {package: debian_version(package) for package in PACKAGES}
    json.dump({"tools": tools, "vectors": vectors, "composed": composed()}, file, ensure_ascii=False, indent=1)
    file.write("\n")
