"""The form that every refusal has."""


def assert_problem(reply, status: int, sentence: str) -> None:
    problem = reply.json()
    assert reply.status_code == problem["status"] == status
    assert reply.headers["content-type"] == "application/problem+json"
    errors = [f"{error['field']}: {error['message']}" for error in problem.get("errors", [])]
    sentences = [problem["detail"], *errors]
    assert any(sentence in text for text in sentences), sentences
