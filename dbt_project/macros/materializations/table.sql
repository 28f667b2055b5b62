{#-
    A table, in one statement that replaces what has its name.

    dbt-duckdb's own builds it under another name and then renames the old one, the new one, and
    drops the old one: five statements more, which for small tables take longer than the table. A
    transaction in DuckDB covers the replacement as well, so that nobody sees half of it.
-#}
{%- materialization table, adapter='duckdb' -%}

    {%- set table = this.incorporate(type='table') -%}

    {%- do drop_if_of_another_kind(table) -%}

    {{- run_hooks(pre_hooks) -}}

    {%- call statement('main') -%}
        {%- if config.get('contract').enforced %}
            {{ get_assert_columns_equivalent(compiled_code) }}
            create or replace table {{ table }} {{ get_table_columns_and_constraints() }};
            insert into {{ table }} {{ get_column_names() }} ({{ get_select_subquery(compiled_code) }});
        {%- else %}
            create or replace table {{ table }} as ({{ compiled_code }});
        {%- endif %}
    {%- endcall -%}

    {%- do persist_docs(table, model) -%}

    {{- run_hooks(post_hooks) -}}

    {{- adapter.commit() -}}

    {{- return({'relations': [table]}) -}}

{%- endmaterialization -%}


{#- Make room where a table was a view in an earlier version, or the other way round. -#}
{%- macro drop_if_of_another_kind(relation) -%}
    {%- set there = load_cached_relation(relation) -%}
    {%- if there is not none and there.type != relation.type -%}
        {{- adapter.drop_relation(there) -}}
    {%- endif -%}
{%- endmacro -%}
