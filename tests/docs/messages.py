# SPDX-License-Identifier: GPL-2.0
"""What README.md says of modules that do not load, and what is said then.

The programs are those of kmod, which machines have, and not those of the image of the guests.
"""

import pathlib
import re
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]

# `fails` runs a command that fails, and shows what it says and what is in the log then.
FAILS = r"""
    set +x
    mkdir /kmod
    for name in modprobe insmod rmmod depmod; do ln -s /add/kmod /kmod/$name; done
    modules=/lib/modules/$(uname -r)/updates
    log() { dmesg | sed 's/^\[[^]]*\] //'; }
    fails() {
        dmesg -c >/dev/null
        echo '== row'
        "$@" 2>&1 && exit 1
        log
    }
"""

# In a TDX guest, for another see `as_in`. Ours are loaded, and the kernel's own driver is not. Each row of the table is a call of
# `fails`, in the same order. The last ones cannot be taken back.
SCRIPT = FAILS + r"""
    echo '== loaded'
    log
    /kmod/modprobe -r tsm_tdx
    mkdir /tmp/away
    mv $modules/tsm*.ko /tmp/away
    /kmod/depmod
    fails /kmod/modprobe tsm_tdx
    mv /tmp/away/* $modules
    /kmod/depmod

    /kmod/modprobe tdx_guest
    fails /kmod/modprobe tsm_tdx
    fails /kmod/rmmod tsm_report
    rmmod tdx_guest tsm_report
    /kmod/modprobe tsm_tdx
    fails /kmod/modprobe tdx_guest
    rmmod tsm_tdx tsm

    cd /tmp/away
    sed 's/vermagic=[0-9]/vermagic=1/' $modules/tsm.ko >tsm.ko
    fails /kmod/insmod tsm.ko
    cd $modules
    fails /kmod/insmod tsm_tdx.ko
    fails /kmod/modprobe tsm_sev
    fails /kmod/modprobe tsm_tdx rtmr_writable=99
    # It stays when its user fails.
    rmmod tsm

    mount -t securityfs securityfs /sys/kernel/security
    echo integrity >/sys/kernel/security/lockdown
    fails /kmod/modprobe tsm_tdx
    echo 1 >/sys/module/module/parameters/sig_enforce
    fails /kmod/modprobe tsm_tdx
    cp /signed/tsm*.ko $modules
    fails /kmod/modprobe tsm_tdx
"""

# With Secure Boot, where ours are loaded. What is in /unsigned has no signature. The row is the last but one of the table. In
# the end the kernel's own driver is loaded.
SECURE = FAILS + r"""
    /kmod/modprobe -r tsm_tdx
    cp /unsigned/tsm*.ko $modules
    fails /kmod/modprobe tsm_tdx
    rm $modules/tsm*.ko
    echo '== refused'
    load tsm_report tdx_guest
    set -x
"""


# What in an SEV-SNP guest is in place of what a TDX guest has.
SNP = {"tsm_tdx": "tsm_sev", "tsm_sev": "tsm_tdx", "tdx_guest": "sev_guest", "rtmr_writable": "vmpck_id"}


def as_in(platform, text):
    """Returns a text of a TDX guest as it is in a guest of the platform."""
    return text if platform == "tdx" else re.sub("|".join(SNP), lambda name: SNP[name[0]], text)


def kmod():
    """Returns what to add to a guest for it: the program, and the libraries that the image lacks."""
    find = 'top=$PWD; scripts=$top/scripts/qemu-tdx; . "$scripts/lib.sh"; toolbox_root'
    root = pathlib.Path(subprocess.run(["bash", "-ec", find], cwd=TOP, check=True, stdout=subprocess.PIPE,
                                       text=True).stdout.strip())
    libraries = subprocess.run([TOP / "scripts/qemu-tdx/toolbox", "ldd", "/usr/bin/kmod"], check=True,
                               stdout=subprocess.PIPE, text=True).stdout
    paths = re.findall(r"=> (/\S+)", libraries)
    assert paths, libraries
    return [f"{root}/usr/bin/kmod:/add/kmod", *(f"{(root / path[1:]).resolve()}:{path}" for path in paths)]


def section(page):
    return page.partition("## If it does not load\n")[2].partition("\n## ")[0]


def rows(page):
    """Returns the messages of each row of the table: what is said, and what the log has."""
    lines = [line.strip("| ").split("|") for line in section(page).splitlines() if line.startswith("| `")]
    return [[re.findall(r"`([^`]+)`", cell) for cell in cells[:2]] for cells in lines]


def is_in(message, lines):
    """Says whether a message is one of the lines; `…` stands for anything."""
    pattern = ".*".join(re.escape(part) for part in message.split("…"))
    return any(re.fullmatch(pattern, line.rstrip()) for line in lines)


def check(test, page, output, platform="tdx"):
    """Checks all rows, and what is said of modules that do load."""
    before, *outputs = output.split("== row\n")
    loaded = before.partition("== loaded\n")[2]
    check_rows(test, rows(as_in(platform, page)), outputs)
    # What the log has where it is loaded, which is said below the table.
    messages = re.findall(r"`(tsm\w*: [^`]*)`", section(page).rpartition("|\n")[2])
    other = as_in(platform, "tsm_sev: ")
    test.assertEqual(len(messages), 4)
    messages = [message for message in messages if not message.startswith(other)]
    test.assertEqual(len(messages), 3)
    logged = loaded.splitlines()
    for message in messages:
        test.assertTrue(is_in(message, logged), f"{message}\n{loaded}")
    # Nothing else.
    test.assertEqual([line for line in logged if line.startswith("tsm") and not any(
        is_in(message, [line]) for message in messages)], [])


def check_secure(test, page, output):
    """Checks the row of what is said with Secure Boot."""
    _, _, after = output.partition("== row\n")
    check_rows(test, rows(page)[-2:-1], [after.partition("== refused\n")[0]])


def check_rows(test, table, outputs):
    """Checks that each row has all that was said, and that what it has was said."""
    test.assertEqual(len(outputs), len(table), outputs)
    for (said, logged), text in zip(table, outputs):
        with test.subTest(said):
            lines = text.splitlines()
            for message in said + logged:
                test.assertTrue(is_in(message, lines), f"{message}\n{text}")
            by_kmod = [line for line in lines if re.match(r"(modprobe|insmod|rmmod): ", line)]
            test.assertEqual([line for line in by_kmod if not any(is_in(message, [line]) for message in said)], [], text)
            # Where it says nothing of the log, that has nothing of ours.
            test.assertEqual(bool(logged), any(line.startswith(("tsm", "Lockdown", "Loading")) for line in lines), text)
