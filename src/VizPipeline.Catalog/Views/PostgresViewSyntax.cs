using System.Security.Cryptography;
using System.Text;

namespace VizPipeline.Catalog.Views;

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

    // Unlike dropping the view, this keeps the rights that were granted on it. It refuses to rename or remove a column.
    public string Replace(string name, string query) =>
        $"CREATE OR REPLACE VIEW {name} AS\n{query};\nCOMMENT ON VIEW {name} IS '{Mark(name, query)}';";

    // PostgreSQL stores a view parsed, not as its text.
    public string Mark(string name, string query) =>
        $"VizPipeline {Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(query)))[..16]}";

    public string ReadMark(string name) => $"SELECT obj_description(to_regclass('{name}'), 'pg_class');";
}
