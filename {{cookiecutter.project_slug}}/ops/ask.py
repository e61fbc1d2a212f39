"""Ask the champion the example question of its card, through the gateway."""

import json
import sys

from ops import api


def ask(port: int | None = None) -> None:
    """Show the question, the answer, and how to ask without `make`."""
    card = api.call("/v1/model", port=port)
    question = card["example"]["question"]
    answer = api.call("/v1/predict", question, port)
    print(f"question:   {json.dumps(question)}")
    print(f"prediction: {told(answer['prediction'], card['outcome'])}  (model {answer['model']})")
    print(f"""
    curl {api.base(port)}/v1/predict -H "Authorization: Bearer $(sed -n s/^API_KEY=//p .env)" \\
         -H "Content-Type: application/json" -d '{json.dumps(question)}'""")


def told(prediction: float, outcome: dict) -> str:
    """The prediction with the name and unit of what it predicts."""
    return f"{outcome['name']} = {prediction:.6g} {outcome.get('unit') or ''}".rstrip()


def main() -> None:
    try:
        ask()
    except api.ApiProblem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
