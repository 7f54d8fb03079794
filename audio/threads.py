"""How threads wait for each other, set before the library that starts them is loaded.

OpenMP's threads spin while they wait. Two of them beside other work, each on a core that is taken
away from it in between, wait for each other ten times longer than they compute. So they sleep
instead, unless the environment says otherwise. Packages that compute import this module first.
"""

import os

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
