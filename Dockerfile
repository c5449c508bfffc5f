# Two stages: what builds stays behind. The image has no shell user, no pip cache and no secret.
FROM python:3.13-slim AS build
WORKDIR /corral
RUN python -m venv /venv
COPY requirements.txt .
RUN /venv/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: --requirement requirements.txt
COPY manage.py ./
COPY dashboard dashboard
COPY registries registries
COPY templates templates
COPY static static
# Collecting files needs settings, not secrets: these never leave this line.
RUN CORRAL_SECRET_KEY=unused CORRAL_ENCRYPTION_KEYS=unused CORRAL_AUDIT_KEYS=unused CORRAL_HOSTS=unused CORRAL_STATIC_ROOT=/static \
    /venv/bin/python manage.py collectstatic --noinput --skip-checks --verbosity 0 \
 && /venv/bin/python -m compileall -q dashboard registries

FROM python:3.13-slim
RUN useradd --system --uid 10001 --no-create-home corral && install --directory --owner corral /data
COPY --from=build /venv /venv
COPY --from=build /static /static
COPY --from=build /corral /corral
WORKDIR /corral
USER corral
ENV PATH=/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    CORRAL_BIND=0.0.0.0:8000 \
    CORRAL_STATIC_ROOT=/static \
    DATABASE_URL=sqlite:////data/corral.sqlite3
VOLUME /data
EXPOSE 8000
CMD ["gunicorn", "--config", "python:dashboard.gunicorn", "dashboard.wsgi"]
