{#- Stop with one clear line when there is no lake or codebook to build from, or nothing says which periods are final. -#}
{% macro require_lake() -%}
    {%- if execute and flags.WHICH in ("build", "run", "test") -%}
        {%- set home = env_var("KTO_HOME", "var") -%}
        {%- set folder = home | replace("'", "''") | replace("[", "[[]") | replace("*", "[*]") | replace("?", "[?]") -%}
        {%- for what, files in [
            ("lake", "lake/deliveries/*/*.json"),
            ("codebook", "definitions/*.parquet"),
            ("states of periods", "states/final.parquet"),
        ] -%}
            {%- set found = run_query("select count(*) from glob('" ~ folder ~ "/" ~ files ~ "')") -%}
            {%- if found.columns[0].values()[0] == 0 -%}
                {{ exceptions.raise_compiler_error("no " ~ what ~ " under '" ~ home ~ "': run `kto refresh` first, or set KTO_HOME to the home of an earlier refresh") }}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
