{#- A breakdown and its value in one word, as disclosure control names them: `all`, or `size=large`. -#}
{% macro segment_label(segment, segment_value) -%}
    case {{ segment }} when 'all' then 'all' else concat({{ segment }}, '=', {{ segment_value }}) end
{%- endmacro %}
