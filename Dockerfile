# The tool and its web page on a CPU:  docker build -t timbre . && docker run -p 127.0.0.1:7860:7860 timbre
# Written without a Docker at hand and not built yet. The page asks for no password: publish its port to this machine alone.
FROM python:3.11-slim-bookworm
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg libfluidsynth3 \
  && rm -rf /var/lib/apt/lists/*
# To leave CUDA out, name an index that has PyTorch for CPUs: --build-arg PIP_EXTRA_INDEX_URL=...
ARG PIP_EXTRA_INDEX_URL
COPY . /source
RUN pip install --no-cache-dir "/source[page]" && rm -rf /source
RUN useradd --create-home user
USER user
WORKDIR /home/user
EXPOSE 7860
CMD ["timbre", "serve", "--host", "0.0.0.0"]
