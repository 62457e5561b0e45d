# Smearscope on a CPU. For research use only; not for diagnosis.
#
#   docker build -t smearscope .
#   docker run --rm -v "$PWD/slides:/slides:ro" -v "$PWD/results:/results" smearscope score /slides --out /results
#
#   docker run --rm -p 127.0.0.1:8501:8501 -v "$PWD/data:/data" smearscope app --data /data --address 0.0.0.0 \
#     --without-sign-in
#
# The user inside has number 1000 and must be allowed to write to the results and data folders.
# It scores and reviews; training, which takes torch, is not in it.
FROM python:3.11-slim

RUN apt-get update \
 && apt-get install --yes --no-install-recommends make \
 && rm -rf /var/lib/apt/lists/*

RUN useradd --uid 1000 --create-home smearscope && install --directory --owner=smearscope /opt/smearscope
USER smearscope
WORKDIR /opt/smearscope
COPY --chown=smearscope:smearscope . .

ARG PIP_OPTIONS=""
ENV PIP_NO_CACHE_DIR=1
RUN make .venv/installed PIP_OPTIONS="$PIP_OPTIONS"

ENV PATH="/opt/smearscope/.venv/bin:$PATH"
EXPOSE 8501
ENTRYPOINT ["smearscope"]
CMD ["--help"]
