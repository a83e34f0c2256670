using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using static VizPipeline.Atlas.Export.ColumnKind;

namespace VizPipeline.Atlas.Export;

/// <summary>The table <c>neurons</c>: one row per neuron with its statistics, which are null until its layer is merged.</summary>
internal static class NeuronExport
{
    public static ExportTable<Row> Table { get; } = new("neurons",
    [
        new("layer", Text, row => row.Layer.Name, "name of the layer"),
        new("channel", Integer, row => row.Neuron.Channel, "number of the neuron in its layer, from 0"),
        new("name", Text, row => row.Names.Output(row.Layer, row.Neuron.Channel), "name of the network's output; null for other neurons"),
        .. NeuronFacts.Statistics.Select(CreateColumn),
        new("mismatch", Flag, row => row.Mismatch,
            "whether a patch, when it was drawn, had another activation than recorded; null before"),
    ], "one row per neuron; statistics are over all readable images and null until the layer is merged");

    /// <summary>Reads all neurons, ordered by layer and channel.</summary>
    public static async IAsyncEnumerable<Row> ReadAllAsync(
        CatalogContext catalog, int atlasId, AtlasNames names, [EnumeratorCancellation] CancellationToken cancellation)
    {
        var mismatches = await ReadMismatchesAsync(catalog, atlasId, cancellation);
        await foreach (var (layer, neuron) in catalog.NeuronsAsync(atlasId, cancellation))
            yield return new Row(
                layer, neuron, names, mismatches.TryGetValue((layer.Id, neuron.Channel), out var mismatch) ? mismatch : null);
    }

    /// <summary>Creates the rows of the given neurons, in the given order.</summary>
    public static async Task<IReadOnlyList<Row>> CreateRowsAsync(
        CatalogContext catalog, IReadOnlyList<(Layer Layer, Neuron Neuron)> neurons, AtlasNames names, CancellationToken cancellation)
    {
        var (layers, channels) =
            (neurons.Select(row => row.Layer.Id).Distinct().ToList(), neurons.Select(row => row.Neuron.Channel).Distinct().ToList());
        var mismatches = FindMismatches(
            await catalog.Patches.Where(
                patch => layers.Contains(patch.LayerId) && channels.Contains(patch.Channel) && patch.Mismatch != null)
            .Select(patch => new { patch.LayerId, patch.Channel, patch.Mismatch }).ToListAsync(cancellation),
            patch => (patch.LayerId, patch.Channel), patch => patch.Mismatch == true);
        return [.. neurons.Select(
            row => new Row(
                row.Layer, row.Neuron, names,
                mismatches.TryGetValue((row.Layer.Id, row.Neuron.Channel), out var mismatch) ? mismatch : null))];
    }

    private static ExportColumn<Row> CreateColumn(Statistic statistic) =>
        (statistic.Attribute.IsClass, statistic.Property.PropertyType) switch
        {
            (true, var type) when type == typeof(int?) =>
                new(
                    statistic.Name, Text, row => row.Names.Class((int?)statistic.Read(row.Neuron)), statistic.Meaning),
            (true, var type) when type == typeof(int[]) => new(
                statistic.Name, Texts, row => ((int[]?)statistic.Read(row.Neuron))?.Select(label => row.Names.Class(label)!).ToArray(),
                statistic.Meaning),
            (false, var type) => new(
                statistic.Name, KindOf(type), row => statistic.Read(row.Neuron), statistic.Meaning, statistic.Attribute.Unit),
            _ => throw new NotSupportedException($"{statistic.Name} can't be a class"),
        };

    private static ColumnKind KindOf(Type type) => type switch
    {
        _ when type == typeof(int?) => Integer,
        _ when type == typeof(double?) => ColumnKind.Double,
        _ when type == typeof(bool?) => Flag,
        _ when type == typeof(int[]) => Integers,
        _ => throw new NotSupportedException($"exports have no column of {type}"),
    };

    private static Dictionary<(int Layer, int Channel), bool> FindMismatches<T>(
        IEnumerable<T> patches, Func<T, (int, int)> key, Func<T, bool> isMismatch) =>
        patches.GroupBy(key).ToDictionary(neuron => neuron.Key, neuron => neuron.Any(isMismatch));

    // The database computes the flag per neuron, so that the patches are not read twice.
    private static async Task<Dictionary<(int Layer, int Channel), bool>> ReadMismatchesAsync(
        CatalogContext catalog, int atlasId, CancellationToken cancellation)
    {
        var found = await (
            from patch in catalog.Patches
            join layer in catalog.Layers on patch.LayerId equals layer.Id
            where layer.AtlasId == atlasId && patch.Mismatch != null
            group patch by new { patch.LayerId, patch.Channel } into neuron
            select new { neuron.Key.LayerId, neuron.Key.Channel, Flagged = neuron.Max(patch => patch.Mismatch == true ? 1 : 0) })
            .ToListAsync(cancellation);
        return found.ToDictionary(neuron => (neuron.LayerId, neuron.Channel), neuron => neuron.Flagged > 0);
    }

    /// <summary>A neuron and whether any of its patches differed when it was drawn; null if none has been drawn.</summary>
    internal sealed record Row(Layer Layer, Neuron Neuron, AtlasNames Names, bool? Mismatch);
}
