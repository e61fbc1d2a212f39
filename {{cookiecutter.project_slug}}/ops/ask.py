"""Ask the champion the example question of its card, through the gateway."""

import json
import sys

from ops import api

WITHOUT_MAKE = """
    curl {base}/v1/predict -H "Authorization: Bearer $(sed -n s/^API_KEY=//p .env)" \\
         -H "Content-Type: application/json" -d '{question}'"""


def ask(port: int | None = None) -> dict:
    """Print the card's example question and the champion's answer, and return the question."""
    card = api.call("/v1/model", port=port)
    question = card["example"]["question"]
    answer = api.call("/v1/predict", question, port)
    print(f"question:   {json.dumps(question)}")
    print(f"prediction: {described(answer, card['outcome'])}  (model {answer['model']})")
    return question


def described(answer: dict, outcome: dict) -> str:
    """Return the prediction with its name and unit, or for classes with the likeliest three."""
    prediction, probabilities = answer["prediction"], answer.get("probabilities", {})
    number = isinstance(prediction, float)
    value = f"{prediction:.6g}" if number else json.dumps(prediction).strip('"')
    sentence = f"{outcome['name']} = {value} {outcome.get('unit') or ''}".rstrip()
    likeliest = sorted(probabilities, key=probabilities.get, reverse=True)[:3]
    shares = ", ".join(f"{name} {probabilities[name]:.1%}" for name in likeliest)
    return f"{sentence}: {shares}" if shares else sentence


def show_how(question: dict, port: int | None = None) -> None:
    """Print how to ask without `make`."""
    print(WITHOUT_MAKE.format(base=api.base(port), question=json.dumps(question)))


def main() -> None:
    try:
        show_how(ask())
    except api.ApiProblem as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    main()
