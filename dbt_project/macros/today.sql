{#- The day the run is for, as a date literal in Dutch local time. -#}
{% macro today() -%}
    cast('{{ var("today") or run_started_at.astimezone(modules.pytz.timezone("Europe/Amsterdam")).date() }}' as date)
{%- endmacro %}
