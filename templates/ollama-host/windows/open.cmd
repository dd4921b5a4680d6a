@echo off
setx OLLAMA_HOST 0.0.0.0:{{ port }}
{% if origins %}
setx OLLAMA_ORIGINS "{{ origins | join(",") }}"
{% endif %}
echo Quit Ollama in the notification area and start it again.
