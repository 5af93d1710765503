"""What the end-to-end tests and the demo share: a simulated confidential VM and everything around it."""

import os

# After a plain `su`, Debian's PATH lacks the directories of dockerd, ip and iptables.
os.environ["PATH"] += ":/usr/sbin:/sbin"
