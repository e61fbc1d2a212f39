"""What every refusal must be."""


def assert_problem(reply, status: int, sentence: str) -> None:
    problem = reply.json()
    assert reply.status_code == problem["status"] == status
    assert reply.headers["content-type"] == "application/problem+json"
    said = [
        problem["detail"],
        *(f"{one['field']}: {one['message']}" for one in problem.get("errors", [])),
    ]
    assert any(sentence in one for one in said), said
