using System.Text.Json;
using VizPipeline.Catalog;
using VizPipeline.Images;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>Reads the layout of a stored picture of nine cells.</summary>
internal static class MosaicLayout
{
    /// <summary>Returns the layout; null if the picture's parameters have none.</summary>
    public static PatchMosaic? Read(Picture picture)
    {
        try
        {
            var stored = JsonSerializer.Deserialize<Parameters>(picture.Parameters, Options);
            return stored is { CellWidth: > 0, CellHeight: > 0 } ? new(stored.CellWidth, stored.CellHeight, stored.Gutter) : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    private sealed record Parameters(int CellWidth = 0, int CellHeight = 0, int Gutter = 0);
}
