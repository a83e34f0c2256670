using Parquet;
using Parquet.Schema;

namespace VizPipeline.Tests.Images;

/// <summary>Parquet files as Hugging Face's datasets have them, written by Parquet.Net.</summary>
internal static class HuggingFaceTable
{
    public const string Notes =
        """{"info": {"features": {"image": {"_type": "Image"}, "label": """
        + """{"names": ["tench, Tinca tinca", "goldfish"], "_type": "ClassLabel"}}}}""";

    /// <param name="rows">Bytes and label of each row; null bytes for a row without a picture.</param>
    /// <param name="perGroup">Rows per row group.</param>
    /// <param name="compression">How pages are packed.</param>
    /// <param name="notes">The metadata's key huggingface; null to leave it out.</param>
    /// <param name="asStruct">Image as bytes and path, else as plain binary.</param>
    public static async Task<byte[]> Of(
        IReadOnlyList<(byte[]? Bytes, long? Label)> rows, int perGroup = 7, CompressionMethod compression = CompressionMethod.Snappy,
        string? notes = Notes, bool asStruct = true)
    {
        var bytes = new DataField<byte[]>(asStruct ? "bytes" : "image", true);
        var (path, label) = (new DataField<string>("path", true), new DataField<long>("label", true));
        var schema = asStruct ? new ParquetSchema(new StructField("image", bytes, path), label) : new ParquetSchema(bytes, label);
        using var stream = new MemoryStream();
        await using (var writer = await ParquetWriter.CreateAsync(schema, stream, new ParquetOptions { CompressionMethod = compression }))
        {
            if (notes is not null)
                writer.CustomMetadata = new Dictionary<string, string> { ["huggingface"] = notes };
            for (var first = 0; first < rows.Count; first += perGroup)
            {
                (byte[]? Bytes, long? Label)[] group = [.. rows.Skip(first).Take(perGroup)];
                using var part = writer.CreateRowGroup();
                await part.WriteAllPartsAsync<ReadOnlyMemory<byte>>(
                    bytes, group.Where(row => row.Bytes is not null).Select(row => new ReadOnlyMemory<byte>(row.Bytes)).ToArray(),
                    group.Select((row, i) => row.Bytes is not null
                        ? bytes.MaxDefinitionLevel
                        : (first + i) % 2 * (bytes.MaxDefinitionLevel - 1)).ToArray(),
                    null, default);
                if (asStruct)
                    await part.WriteAllPartsAsync<ReadOnlyMemory<char>>(
                        path, Array.Empty<ReadOnlyMemory<char>>(), group.Select(_ => 1).ToArray(), null, default);
                await part.WriteAsync<long>(label, group.Select(row => row.Label).ToArray());
                part.CompleteValidate();
            }
        }
        return stream.ToArray();
    }
}
