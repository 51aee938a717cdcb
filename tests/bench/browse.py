"""Makes the first admin in Chromium and opens pages, then leaves: browse.py ADDRESS SETUP_LINK PATH…

Chromium is driven over its debugging pipe (JSON messages that end in a zero byte, on descriptors 3 and 4).
"""
import fcntl
import itertools
import json
import os
import subprocess
import sys
import tempfile
import time

address, link, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
to_browser, from_browser = os.pipe(), os.pipe()
profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)


def descriptors():
    # First out of the way of 3 and 4, which the pipes here may have themselves.
    ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 20) for end in (to_browser[0], from_browser[1])]
    os.dup2(ends[0], 3)
    os.dup2(ends[1], 4)


browser = subprocess.Popen(
    ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
     f"--user-data-dir={profile.name}", "--remote-debugging-pipe", "about:blank"],
    close_fds=False, preexec_fn=descriptors, stderr=subprocess.DEVNULL)
os.close(to_browser[0])
os.close(from_browser[1])
numbers, buffer = itertools.count(1), b""


def call(method, session=None, **parameters):
    global buffer
    number = next(numbers)
    message = {"id": number, "method": method, "params": parameters} | ({"sessionId": session} if session else {})
    os.write(to_browser[1], json.dumps(message).encode() + b"\0")
    while True:
        while b"\0" not in buffer:
            some = os.read(from_browser[0], 65536)
            if not some:
                sys.exit("browse.py: Chromium ended")
            buffer += some
        line, buffer = buffer.split(b"\0", 1)
        answer = json.loads(line)
        if answer.get("id") == number:
            if "error" in answer:
                sys.exit(f"browse.py: {method}: {answer['error']}")
            return answer["result"]


target = call("Target.createTarget", url="about:blank")["targetId"]
page = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]


def evaluate(script):
    return call("Runtime.evaluate", page, expression=script, returnByValue=True)["result"].get("value")


def wait(what, script):
    until = time.monotonic() + 60
    while not evaluate(script):
        if time.monotonic() > until:
            sys.exit(f"browse.py: waited in vain until {what}: {evaluate('document.body && document.body.innerText')}")
        time.sleep(0.2)


call("Page.navigate", page, url=link)
wait("the form is there", "!!document.querySelector('#repeat')")
evaluate("""userName.value = 'admin'; password.value = repeat.value = 'a password of the bench';
    document.querySelector('button[type=submit]').click()""")
for path in paths:
    wait("the page before is left", "location.pathname != '/account/first-admin'")
    call("Page.navigate", page, url=address + path)
    # A page is a circuit: it is there when it has drawn its heading.
    wait(f"{path} is drawn", f"location.pathname == '{path}' && !!document.querySelector('main h1')")
call("Browser.close")
browser.wait()
