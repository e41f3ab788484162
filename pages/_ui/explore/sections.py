"""What the sections that all pages about pairs have need to know of the Explore page."""

from __future__ import annotations

from pages._lab.domains.sort_of_clevr import DOMAIN
from pages._lab.sort_of_clevr.view import ExploreView
from pages._ui.explore.session import EXPLORE
from pages._ui.pairs.sections import PairPage

EXPLORE_PAGE = PairPage[ExploreView](DOMAIN, EXPLORE)
