"""The benchmark itself runs, and its request counts are as they must be."""

from __future__ import annotations

import json

import pytest

from tests.bench.__main__ import main


@pytest.mark.parametrize("server", ["radicale", "xandikos"])
def test_the_benchmark_runs_and_counts_what_it_must(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--smoke", "--json", "--servers", server]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["writes"] for each in told["first"]] == [8, 2]
    requests = {each["who"]: each["requests"] for each in told["quiet"]}
    assert (requests["liondesk-bridge"], requests["bare httpx"]) == (3, 1)
