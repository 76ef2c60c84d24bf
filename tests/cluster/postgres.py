"""A PostgreSQL server of its own for a test: a new data folder, a Unix socket in it, no TCP port. It refuses to run as root,
so it runs as the package's user `postgres` then."""
import glob
import os
import pwd
import shutil
import subprocess
import tempfile


class Missing(Exception):
    """There is no server program here."""


class Postgres:
    def __init__(self):
        found = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        if not found:
            raise Missing("PostgreSQL is not installed (Debian package postgresql)")
        self.bin = found[-1]
        self.folder = tempfile.mkdtemp(prefix="tt-pg-")
        os.chmod(self.folder, 0o755)
        who = pwd.getpwnam("postgres") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        self.user, self.ids = who.pw_name, (who.pw_uid, who.pw_gid)
        if os.geteuid() == 0:
            os.chown(self.folder, *self.ids)
        self.run("initdb", "-D", f"{self.folder}/data", "-U", self.user, "-A", "trust", "--no-sync", "--locale=C", "-E", "UTF8")
        self.run("pg_ctl", "-D", f"{self.folder}/data", "-w", "-l", f"{self.folder}/log", "-o", f"-k {self.folder} -c listen_addresses=", "start")

    @property
    def url(self):
        return f"postgresql:///postgres?host={self.folder}&user={self.user}"

    def run(self, program, *words):
        given = {"user": self.ids[0], "group": self.ids[1], "extra_groups": []} if os.geteuid() == 0 else {}
        subprocess.run([f"{self.bin}/{program}", *words], check=True, cwd=self.folder, stdout=subprocess.DEVNULL, **given)

    def ask(self, sql):
        """Rows as text."""
        return subprocess.run([f"{self.bin}/psql", "-h", self.folder, "-U", self.user, "-d", "postgres", "-At", "-c", sql], capture_output=True, text=True,
                              check=False).stdout

    def close(self):
        try:
            self.run("pg_ctl", "-D", f"{self.folder}/data", "-m", "immediate", "-w", "stop")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)
