{#- A view, in one statement that replaces what has its name; see table. -#}
{%- materialization view, adapter='duckdb' -%}

    {%- set view = this.incorporate(type='view') -%}

    {%- do drop_if_of_another_kind(view) -%}

    {{- run_hooks(pre_hooks) -}}

    {%- call statement('main') -%}
        create or replace view {{ view }} as ({{ compiled_code }});
    {%- endcall -%}

    {{- run_hooks(post_hooks) -}}

    {{- adapter.commit() -}}

    {{- return({'relations': [view]}) -}}

{%- endmaterialization -%}
