"""Return to the images of the release before, without a pause; once more, and this one is back."""

from ops import ask, images, up


def main() -> None:
    up.check()
    up.start(images.back)
    ask.main()


if __name__ == "__main__":
    main()
