"""Every cell of the matrix of clients, and the page that shows it."""

import matrix
import pytest
from conftest import ROOT


@pytest.fixture(scope="module")
def results(gateway, scripted):
    return matrix.run(gateway.base_url, scripted.url, "gpt-matrix")


@pytest.mark.parametrize("row", matrix.ROWS)
@pytest.mark.parametrize("cell", matrix.CELLS)
def test_shows_the_value_or_its_own_error(results, row, cell):
    [found] = [r for r in results if (r["client"], r["cell"]) == (row, cell)]
    assert found["ok"], found["got"]


def test_the_page_shows_this_matrix(results):
    page = (ROOT / "src" / "main" / "docs" / "clients.md").read_text()
    missing = [line for line in matrix.table(results).splitlines() if line not in page]
    assert missing == []
