"""Counts and times of requests in the Prometheus text format (version 0.0.4).

Labels hold the template of an address, never the address: a path names a person.
"""

from __future__ import annotations

import threading
from collections import defaultdict

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Counters of one process.

    Parameters
    ----------
    worker
        Names the process where several serve one address, of which each counts for itself.
    """

    def __init__(self, worker: str = "") -> None:
        self._worker = f',worker="{worker}"' if worker else ""
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, str, int], int] = defaultdict(int)
        self._buckets: dict[str, list[int]] = {}
        self._seconds: dict[str, float] = defaultdict(float)
        self._counted: dict[tuple[str, str], int] = defaultdict(int)

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        with self._lock:
            self._requests[method, route, status] += 1
            buckets = self._buckets.setdefault(route, [0] * (len(BUCKETS) + 1))
            place = next((i for i, top in enumerate(BUCKETS) if seconds <= top), len(BUCKETS))
            buckets[place] += 1
            self._seconds[route] += seconds

    def count(self, name: str, label: str) -> None:
        """Count something else: ``recommendations`` by status, ``sign_ins`` by result."""
        with self._lock:
            self._counted[name, label] += 1

    def text(self) -> str:
        """Everything counted so far."""
        with self._lock:
            mine = self._worker
            lines = ["# TYPE riskengine_requests_total counter"]
            for (method, route, status), n in sorted(self._requests.items()):
                labels = f'method="{method}",route="{route}",status="{status}"{mine}'
                lines.append(f"riskengine_requests_total{{{labels}}} {n}")
            lines.append("# TYPE riskengine_request_seconds histogram")
            for route, buckets in sorted(self._buckets.items()):
                total = 0
                for top, n in zip((*map(str, BUCKETS), "+Inf"), buckets, strict=True):
                    total += n
                    labels = f'route="{route}",le="{top}"{mine}'
                    lines.append(f"riskengine_request_seconds_bucket{{{labels}}} {total}")
                lines.append(f'riskengine_request_seconds_count{{route="{route}"{mine}}} {total}')
                seconds = self._seconds[route]
                labels = f'route="{route}"{mine}'
                lines.append(f"riskengine_request_seconds_sum{{{labels}}} {seconds:.6f}")
            for name in sorted({name for name, _ in self._counted}):
                lines.append(f"# TYPE riskengine_{name}_total counter")
                for (other, label), n in sorted(self._counted.items()):
                    if other == name:
                        lines.append(f'riskengine_{name}_total{{kind="{label}"{mine}}} {n}')
            return "\n".join(lines) + "\n"
