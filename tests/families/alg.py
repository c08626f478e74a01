#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""tests/families/alg.py: hashes, ciphers, authenticated encryption and random numbers, beside
Python's sendmsg_afalg, hashlib, openssl, sha256sum and kcapi-tools.

Needs: unix plugins
"""
import ast
import hashlib
import hmac
import os
import resource
import socket
import subprocess
import tempfile
import time

import kintest

HASHES = {"sha256": "sha256", "sha512": "sha512", "sha1": "sha1", "md5": "md5",
          "sha3-256": "sha3_256"}
KEY = bytes(range(16))
IV = bytes(range(16, 32))
NONCE = IV[:12]


def has_alg():
    try:
        with socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET) as end:
            end.bind(("hash", "sha256"))
    except OSError:
        return False
    return True


def kin(endpoint, data, **more):
    return kintest.kin("connect", endpoint, input=data, text=False, **more)


def algorithm(kind, name, key=None, tag=None):
    end = socket.socket(socket.AF_ALG, socket.SOCK_SEQPACKET)
    end.bind((kind, name))
    if key is not None:
        end.setsockopt(socket.SOL_ALG, socket.ALG_SET_KEY, key)
    if tag is not None:
        end.setsockopt(socket.SOL_ALG, socket.ALG_SET_AEAD_AUTHSIZE, None, tag)
    return end


def python_cipher(end, direction, data, n=None, **more):
    """What Python's operation makes of the data."""
    operation = end.accept()[0]
    with operation:
        operation.sendmsg_afalg([data], op=direction, **more)
        return operation.recv(len(data) if n is None else n)


def run(*command, data=b"", **more):
    return subprocess.run(command, input=data, capture_output=True, check=True, **more).stdout


class AlgTest(kintest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not has_alg():
            raise cls.skipTest(cls, "the kernel has no AF_ALG: modprobe -a af_alg algif_hash "
                                    "algif_skcipher algif_aead algif_rng")

    def gives(self, endpoint, data):
        done = kin(endpoint, data)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        return done.stdout

    def refused(self, code, words, *arguments, data=b""):
        done = kintest.kin(*arguments, input=data, text=False)
        error = done.stderr.decode()
        self.assertEqual((done.returncode, done.stdout), (code, b""), error)
        self.assertRegex(error, r"\Akin: [^\n]+\n\Z")
        for word in [words] if isinstance(words, str) else words:
            self.assertIn(word, error)


class Hash(AlgTest):
    def test_hashes(self):
        for size in 0, 3, 300000:
            data = os.urandom(size)
            for name, own in HASHES.items():
                with self.subTest(name=name, size=size):
                    self.assertEqual(self.gives(f"alg:hash,{name}", data),
                                     hashlib.new(own, data).digest())

    def test_partners(self):
        """Of one file: Python's own socket, sha256sum and kcapi-dgst."""
        with tempfile.NamedTemporaryFile() as file:
            file.write(os.urandom(100000))
            file.flush()
            file.seek(0)
            done = subprocess.run([kintest.KIN, "connect", "alg:hash,sha256"], stdin=file,
                                  capture_output=True, check=True)
            file.seek(0)
            data = file.read()
            with algorithm("hash", "sha256") as end, end.accept()[0] as operation:
                operation.sendall(data[:50000], socket.MSG_MORE)
                operation.sendall(data[50000:])
                self.assertEqual(done.stdout, operation.recv(64))
            digest = done.stdout.hex()
            self.assertEqual(run("sha256sum", file.name).decode().split()[0], digest)
            self.assertEqual(run("kcapi-dgst", "-c", "sha256", "--hex", "-i", file.name).decode()
                             .strip(), digest)

    def test_key(self):
        data = os.urandom(5000)
        code = self.gives("alg:hash,hmac(sha256)?alg.key=6b6579", data)
        self.assertEqual(code, hmac.digest(b"key", data, "sha256"))
        self.assertEqual(run("openssl", "dgst", "-sha256", "-hmac", "key", "-binary", data=data),
                         code)
        self.refused(1, "set alg.key first", "connect", "alg:hash,hmac(sha256)", data=data)

    def test_relay(self):
        """A service that hashes what comes to it."""
        path = os.path.join(tempfile.mkdtemp(), "sha256")
        relay = subprocess.Popen([kintest.KIN, "relay", "--keep-open", f"unix:{path}",
                                  "alg:hash,sha256"], stderr=subprocess.PIPE)
        self.addCleanup(relay.stderr.close)
        self.addCleanup(relay.wait)
        self.addCleanup(relay.kill)
        self.assertIn(b"sha256", relay.stderr.readline())
        for size in 10, 200000:
            data = os.urandom(size)
            with socket.socket(socket.AF_UNIX) as client:
                client.settimeout(20)
                client.connect(path)
                client.sendall(data)
                client.shutdown(socket.SHUT_WR)
                self.assertEqual(client.recv(100), hashlib.sha256(data).digest())
                self.assertEqual(client.recv(100), b"")

    def test_waits_without_work(self):
        """A hash has nothing to say until its input ends, of which no poll tells: asked now and
        then, not all the time."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        with subprocess.Popen([kintest.KIN, "connect", "alg:hash,sha256"], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as client:
            client.stdin.write(b"abc")
            client.stdin.flush()
            time.sleep(4)
            self.assertEqual(client.communicate(b"def", timeout=20)[0],
                             hashlib.sha256(b"abcdef").digest())
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.assertLess(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, 2)


class Cipher(AlgTest):
    CBC = f"alg:skcipher,cbc(aes)?alg.key={KEY.hex()}&alg.iv={IV.hex()}&alg.op="

    def openssl(self, direction, data):
        return run("openssl", "enc", "-aes-128-cbc", "-nopad", direction, "-K", KEY.hex(), "-iv",
                   IV.hex(), data=data)

    def test_partners(self):
        for size in 0, 16, 300000:
            data = os.urandom(size)
            with self.subTest(size=size):
                encrypted = self.gives(self.CBC + "encrypt", data)
                self.assertEqual(encrypted, self.openssl("-e", data))
                self.assertEqual(self.gives(self.CBC + "decrypt", encrypted), data)
                self.assertEqual(self.openssl("-d", encrypted), data)

    def test_python(self):
        data = os.urandom(4096)
        with algorithm("skcipher", "cbc(aes)", KEY) as end:
            encrypted = python_cipher(end, socket.ALG_OP_ENCRYPT, data, iv=IV)
            self.assertEqual(self.gives(self.CBC + "encrypt", data), encrypted)
            self.assertEqual(self.gives(self.CBC + "decrypt", encrypted), data)
            encrypted = self.gives(self.CBC + "encrypt", data[::-1])
            self.assertEqual(python_cipher(end, socket.ALG_OP_DECRYPT, encrypted, iv=IV),
                             data[::-1])

    def test_kcapi(self):
        """kcapi-enc fills up to whole blocks, as PKCS 7 has it."""
        data = os.urandom(1000)
        read, write = os.pipe()
        os.write(write, KEY)
        os.close(write)
        with tempfile.NamedTemporaryFile() as file, open(read, "rb") as key:
            file.write(data)
            file.flush()
            theirs = run("kcapi-enc", "-e", "-c", "cbc(aes)", "--keyfd", str(key.fileno()), "--iv",
                         IV.hex(), "-i", file.name, pass_fds=[key.fileno()])
        self.assertEqual(self.gives(self.CBC + "encrypt", data + b"\x08" * 8), theirs)

    def test_part_of_a_block(self):
        """A stream cipher ends anywhere, and what comes in small pieces is the same."""
        data = os.urandom(1003)
        endpoint = (f"alg:skcipher,ctr(aes)?alg.key={KEY.hex()}&alg.iv={IV.hex()}"
                    "&alg.op=encrypt")
        theirs = run("openssl", "enc", "-aes-128-ctr", "-K", KEY.hex(), "-iv", IV.hex(), data=data)
        self.assertEqual(self.gives(endpoint, data), theirs)
        with subprocess.Popen([kintest.KIN, "connect", endpoint], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as client:
            for at in range(0, len(data), 100):
                client.stdin.write(data[at:at + 100])
                client.stdin.flush()
                time.sleep(0.01)
            self.assertEqual(client.communicate(timeout=20)[0], theirs)

    def test_refused(self):
        cbc = "alg:skcipher,cbc(aes)"
        self.refused(1, "wants alg.op", "connect", f"{cbc}?alg.key={KEY.hex()}", data=b"x" * 16)
        self.refused(1, "set alg.key first", "connect",
                     f"{cbc}?alg.op=encrypt&alg.iv={IV.hex()}", data=b"x" * 16)
        self.refused(1, ["alg.key", "another number of bytes"], "connect", f"{cbc}?alg.key=0011")
        self.refused(1, "as many bytes", "connect",
                     f"{cbc}?alg.key={KEY.hex()}&alg.op=encrypt&alg.iv=00", data=b"x" * 16)
        done = kin(self.CBC + "encrypt", b"x" * 17)
        self.assertEqual((done.returncode, done.stdout), (1, self.openssl("-e", b"x" * 16)))
        self.assertIn(b"whole blocks", done.stderr)


class Aead(AlgTest):
    GCM = (f"alg:aead,gcm(aes)?alg.key={KEY.hex()}&alg.iv={NONCE.hex()}&alg.assoclen=20"
           "&alg.authsize=16&alg.op=")

    def test_python(self):
        data = os.urandom(5000)
        with algorithm("aead", "gcm(aes)", KEY, 16) as end:
            theirs = python_cipher(end, socket.ALG_OP_ENCRYPT, data, 5016, iv=NONCE, assoclen=20)
            self.assertEqual(self.gives(self.GCM + "encrypt", data), theirs)
            self.assertEqual(self.gives(self.GCM + "decrypt", theirs), data)
            ours = self.gives(self.GCM + "encrypt", data[::-1])
            self.assertEqual(python_cipher(end, socket.ALG_OP_DECRYPT, ours, 5000, iv=NONCE,
                                           assoclen=20), data[::-1])

    def test_published(self):
        """Test case 4 of the specification of GCM, by McGrew and Viega."""
        key = "feffe9928665731c6d6a8f9467308308"
        plain = bytes.fromhex(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
            "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39")
        associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
        expected = bytes.fromhex(
            "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
            "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e091"
            "5bc94fbc3221a5db94fae95ae7121a47")
        endpoint = (f"alg:aead,gcm(aes)?alg.key={key}&alg.iv=cafebabefacedbaddecaf888"
                    "&alg.assoclen=20&alg.authsize=16&alg.op=")
        self.assertEqual(self.gives(endpoint + "encrypt", associated + plain),
                         associated + expected)
        self.assertEqual(self.gives(endpoint + "decrypt", associated + expected),
                         associated + plain)

    def test_commas(self):
        """A name with commas: an hmac and a cipher, of which /proc/crypto makes one."""
        data = os.urandom(64)
        # struct crypto_authenc_key_param: rtattr (length 8, type 1), the cipher's key's length
        key = b"\x08\x00\x01\x00\x00\x00\x00\x10" + b"h" * 32 + KEY
        name = "authenc(hmac(sha256),cbc(aes))"
        endpoint = (f"alg:aead,{name}?alg.key={key.hex()}&alg.iv={IV.hex()}&alg.assoclen=16"
                    "&alg.authsize=32&alg.op=encrypt")
        with algorithm("aead", name, key, 32) as end:
            theirs = python_cipher(end, socket.ALG_OP_ENCRYPT, data, 96, iv=IV, assoclen=16)
        self.assertEqual(self.gives(endpoint, data), theirs)

    def test_refused(self):
        data = self.gives(self.GCM + "encrypt", b"x" * 100)
        self.refused(1, ["Bad message", "the tag"], "connect", self.GCM + "decrypt",
                     data=data[:-1] + bytes([data[-1] ^ 1]))
        self.refused(1, "must fit the send buffer", "connect", self.GCM + "encrypt",
                     data=bytes(1000000))

    def test_large(self):
        """As large as the send buffer that the endpoint asks for."""
        data = os.urandom(150000)
        endpoint = self.GCM + "encrypt&so.sndbuf=200000"
        self.assertEqual(len(self.gives(endpoint, data)), 150016)


class Random(AlgTest):
    def take(self, n):
        with subprocess.Popen([kintest.KIN, "connect", "alg:rng,stdrng?alg.key="],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as client:
            data = client.stdout.read(n)
            client.stdout.close()
            self.assertEqual(client.stderr.read(), b"")
        return data

    def test_random(self):
        first, second = self.take(1000), self.take(1000)
        self.assertEqual((len(first), len(second)), (1000, 1000))
        self.assertNotEqual(first, second)
        self.assertGreater(len(set(first)), 100)

    def test_refused(self):
        self.refused(1, "wants a seed", "connect", "alg:rng,stdrng")


class Names(AlgTest):
    def test_kernel_takes_both(self):
        """Python's tuple is kin's, and the kernel knows what both call it."""
        for kind, name in ("hash", "sha256"), ("aead", "authenc(hmac(sha256),cbc(aes))"), \
                          ("skcipher", "cbc(aes)"), ("rng", "stdrng"):
            algorithm(kind, name).close()
            done = kintest.kin("resolve", f"alg:{kind},{name}")
            self.assertEqual(ast.literal_eval(done.stdout.split("  ")[1]), (kind, name))
        self.assertEqual(self.gives("alg:hash,sha256,0x0,0x1000", b""),
                         hashlib.sha256(b"").digest())
        self.refused(1, "0x1000 alone", "connect", "alg:hash,sha256,0x8")

    def test_refused(self):
        self.refused(1, ["no such algorithm", "/proc/crypto"], "connect", "alg:hash,nosuch")
        self.refused(1, "no such algorithm", "connect", "alg:hsh,sha256")
        self.refused(1, "connect to it, or bind it and accept", "listen", "alg:hash,sha256")

    def test_doctor(self):
        done = kintest.kin("doctor", "alg")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"\Aalg +ok ")


class Text(kintest.TestCase):
    """What is read and refused without the kernel."""
    def test_refused(self):
        for rest in ("", "hash", "hash,sha256,x", "hash,sha256,0x100000000", "hash,sha256,1,2,3",
                     "t" * 14 + ",sha256", "hash," + "n" * 104, "hash,a%00b", "hash,sha256,-1"):
            for verb in "resolve", "connect":
                with self.subTest(rest=rest, verb=verb):
                    done = kintest.kin(verb, "alg:" + rest)
                    self.assertEqual((done.returncode, done.stdout), (2, ""), done.stderr)
                    self.assertRegex(done.stderr, r"\Akin: [^\n]+\n\Z")

    def test_read(self):
        longest = "n" * 103
        for rest, value in (("hash,sha256", ("hash", "sha256")),
                            ("hash,sha256,0x8,0xf", ("hash", "sha256", 8, 15)),
                            ("hash,sha256,0x0,0x2", ("hash", "sha256", 0, 2)),
                            ("skcipher," + longest, ("skcipher", longest))):
            done = kintest.kin("resolve", "alg:" + rest)
            text, tuple_, family = done.stdout.rstrip("\n").rsplit("  ", 2)
            self.assertEqual((text, ast.literal_eval(tuple_), family), ("alg:" + rest, value, "alg"))


if not has_alg():
    class Missing(kintest.TestCase):
        def test_missing(self):
            for arguments in ("doctor", "alg"), ("connect", "alg:hash,sha256"):
                done = kintest.kin(*arguments)
                self.assertIn("modprobe -a af_alg", done.stdout + done.stderr)


if __name__ == "__main__":
    kintest.main()
