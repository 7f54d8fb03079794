# The tool and its web page on a CPU:  docker build -t timbre .  &&  docker run -p 7860:7860 timbre
FROM python:3.11-slim-bookworm
RUN apt-get update \
  && apt-get install -y --no-install-recommends ffmpeg libfluidsynth3 \
  && rm -rf /var/lib/apt/lists/*
COPY . /source
RUN pip install --no-cache-dir "/source[page]" && rm -rf /source
RUN useradd --create-home user
USER user
WORKDIR /home/user
EXPOSE 7860
CMD ["timbre", "serve", "--host", "0.0.0.0"]
