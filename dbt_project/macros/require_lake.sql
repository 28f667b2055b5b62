{#- Stop with one clear line when there is no lake to build from. -#}
{% macro require_lake() -%}
    {%- if execute and flags.WHICH in ("build", "run", "test") -%}
        {%- set home = env_var("KTO_HOME", "var") -%}
        {%- set found = run_query("select count(*) from glob('" ~ home ~ "/lake/deliveries/*/*.json')") -%}
        {%- if found.columns[0].values()[0] == 0 -%}
            {{ exceptions.raise_compiler_error("no lake under '" ~ home ~ "': run `kto refresh` first, or set KTO_HOME to the home of an earlier refresh") }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
