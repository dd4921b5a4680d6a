@echo off
reg delete HKCU\Environment /v OLLAMA_HOST /f
{% if origins %}
reg delete HKCU\Environment /v OLLAMA_ORIGINS /f
{% endif %}
echo Quit Ollama in the notification area and start it again.
