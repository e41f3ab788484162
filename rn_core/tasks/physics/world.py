"""The table and what lies on it: sizes, masses, springs and rates, in meters, kilograms and seconds.

Source: Santoro et al. 2017 (arXiv 1706.01427), section 3.4 and supplement F: MuJoCo, ten colored balls on a table top,
16 steps of (x, y). The paper gives no physical quantity; all of them are stated here.
"""

from __future__ import annotations

#: The walls stand at x, y = -1 and 1 m, so that meters are table units too.
HALF_SIDE = 1.0
TABLE_WIDTH = 2 * HALF_SIDE
RADIUS = 0.06
#: Kilograms. Balls slide without friction, turning or loss of speed.
MASS = 1.0
#: Newtons per meter of an invisible spring; two balls on one swing with a period of 0.36 s, between 3 and 4 frames.
STIFFNESS = 150.0
#: Newtons per meter by which balls and walls push back what enters them, without loss.
CONTACT_STIFFNESS = 8000.0
#: Seconds in which a rigid link takes back most of an error of its length, without swinging.
RIGID_SECONDS = 0.01

MAX_BALLS = 16
DEFAULT_BALLS = 10
#: Balls of the scenes of tasks whose numbers of balls vary.
FEWEST_BALLS, MOST_BALLS = 2, 12
#: Frames that the networks see, and frames per second.
N_FRAMES = 16
FRAME_RATE = 10
#: Steps of the simulation from one frame to the next, each of 5 ms (semi-implicit Euler).
STEPS_A_FRAME = 20
TIMESTEP = 1 / (FRAME_RATE * STEPS_A_FRAME)
#: Meters per second at which the balls of a drawn scene start, before rigid links take their share.
MIN_SPEED, MAX_SPEED = 0.3, 0.9
#: Meters between the edges of two balls, and of a ball and a wall, when a drawn scene starts.
CLEARANCE = 0.02

#: Ball k has color k: name and RGB from 0 to 255.
COLORS = {
    "red": (214, 39, 40),
    "green": (44, 160, 44),
    "blue": (31, 119, 180),
    "orange": (255, 127, 14),
    "purple": (148, 103, 189),
    "yellow": (240, 210, 30),
    "cyan": (23, 190, 207),
    "pink": (247, 150, 200),
    "brown": (140, 86, 75),
    "gray": (127, 127, 127),
    "navy": (20, 30, 110),
    "lime": (170, 230, 60),
    "maroon": (110, 10, 40),
    "olive": (120, 120, 10),
    "black": (25, 25, 25),
    "magenta": (230, 40, 200),
}
