namespace VizPipeline.Catalog.Migrations.Postgres;

internal sealed class PostgresViewSyntax : IViewSyntax
{
    public string Json(string column) => $"{column}::jsonb";

    public string Text(string column, params string[] path) => $"{column}::json #>> '{{{string.Join(',', path)}}}'";

    public string ClassNames(string numbers, string atlasId) =>
        $"""
        CASE WHEN {numbers} IS NOT NULL THEN ARRAY(
                SELECT coalesce(t.name, CAST(e.number AS text)) FROM unnest({numbers}) WITH ORDINALITY AS e(number, place)
                LEFT JOIN image_class t ON t.atlas_id = {atlasId} AND t.class_index = e.number ORDER BY e.place) END
        """;
}
