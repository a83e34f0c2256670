using Microsoft.EntityFrameworkCore;
using VizPipeline.Catalog;
using VizPipeline.Jobs;

namespace VizPipeline.Cli.Verify;

/// <summary>
/// Compares the statistics of all neurons in the catalog with the tables of the merges, whose hashes the run recorded. They are the same
/// numbers, so any difference was made later.
/// </summary>
internal static class VerifiedTables
{
    /// <summary>Adds a line per layer that differs to <paramref name="findings"/>. Returns the number of neurons compared.</summary>
    public static async Task<int> CompareAsync(VerifiedAtlas atlas, List<string> findings, CancellationToken cancellation)
    {
        var compared = 0;
        await using var catalog = atlas.Database.Open();
        foreach (var layer in await catalog.LayersAsync(atlas.Row.Id, cancellation))
        {
            // A layer that is not merged yet has none; one that is missing is an object with a finding.
            if (await atlas.Store.TryGetAsync(AtlasKeys.LayerTable(atlas.Spec.Id, layer.Name), cancellation) is not { } bytes)
                continue;
            LayerTable table;
            try
            {
                table = VizJson.Read<LayerTable>(bytes);
            }
            catch (CorruptTableException damage)
            {
                findings.Add($"{layer.Name}: its table of neurons cannot be read: {damage.Message.ReplaceLineEndings(" ")}");
                continue;
            }
            var neurons = await catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == layer.Id && neuron.Images != null)
                .ToDictionaryAsync(neuron => neuron.Channel, cancellation);
            var different = new List<string>();
            foreach (var row in table.Neurons.Where(row => neurons.ContainsKey(row.Channel)))
            {
                compared++;
                var names = NeuronFacts.Statistics.Where(statistic => !IsSame(statistic.Read(row), statistic.Read(neurons[row.Channel])))
                    .Select(statistic => statistic.Column).ToList();
                if (names.Count > 0)
                    different.Add($"neuron {row.Channel} in {string.Join(", ", names)}");
            }
            if (different.Count > 0)
                findings.Add($"{layer.Name}: {different.Count} neurons differ from the table of its merge, first {different[0]}");
        }
        return compared;
    }

    // The catalog has no NaN (NeuronFacts.CopyTo).
    private static bool IsSame(object? table, object? catalog) => (table, catalog) switch
    {
        (double.NaN, null) => true,
        (int[] one, int[] other) => one.SequenceEqual(other),
        _ => Equals(table, catalog),
    };
}
