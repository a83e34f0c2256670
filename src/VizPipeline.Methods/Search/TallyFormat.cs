using VizPipeline.Network.Formats;
using VizPipeline.Network.Formats.Safetensors;

namespace VizPipeline.Methods.Search;

/// <summary>Stores tallies as safetensors files. The same tally always gives the same bytes.</summary>
public static class TallyFormat
{
    /// <summary>Returns the file's bytes for <paramref name="tally"/>.</summary>
    public static byte[] Write(LayerTally tally)
    {
        ArgumentNullException.ThrowIfNull(tally);
        var neurons = tally.Neurons;
        var (values, images, positions, counts) = (new float[neurons * TopTable.Size], new int[neurons * TopTable.Size],
            new int[neurons * TopTable.Size], new int[neurons]);
        for (var neuron = 0; neuron < neurons; neuron++)
        {
            var entries = tally.Top[neuron];
            counts[neuron] = entries.Length;
            for (var rank = 0; rank < entries.Length; rank++)
            {
                var at = (neuron * TopTable.Size) + rank;
                (values[at], images[at], positions[at]) = (entries[rank].Value, entries[rank].Image, entries[rank].Position);
            }
        }
        var writer = new SafetensorsWriter()
            .Add("top.value", values, neurons, TopTable.Size).Add("top.image", images, neurons, TopTable.Size)
                .Add("top.position", positions, neurons, TopTable.Size)
            .Add("top.count", counts, neurons).Add("sum", tally.Sums.ToArray(), neurons).Add("square", tally.Squares.ToArray(), neurons)
            .Add("min", tally.Min, neurons).Add("max", tally.Max, neurons).Add("positive", tally.Positive, neurons)
            .Add("class.label", [.. tally.Classes.Keys], tally.Classes.Count)
            .Add("class.images", [.. tally.Classes.Values.Select(sums => sums.Images)], tally.Classes.Count)
            .Add("class.sum", [.. tally.Classes.Values.SelectMany(sums => sums.Sums)], tally.Classes.Count, neurons)
            .Add("images", new long[] { tally.Images }, 1)
            .Add("profile.image", [.. tally.Profiles.Keys], tally.Profiles.Count)
            .Add("profile.value", [.. tally.Profiles.Values.SelectMany(row => row)], tally.Profiles.Count, neurons);
        if (tally.Distribution.IsExact)
            writer.Add("values", [.. tally.Distribution.Rows.SelectMany(row => row)], tally.Distribution.Rows.Count, neurons);
        else
            writer.Add("buckets", tally.Distribution.Counts.ToArray(), neurons, ActivationDistribution.Buckets);
        using var file = new MemoryStream();
        writer.WriteTo(file);
        return file.ToArray();
    }

    /// <summary>Reads the tally from a file's bytes.</summary>
    /// <exception cref="ModelFormatException">The file is damaged.</exception>
    public static LayerTally Read(ReadOnlyMemory<byte> bytes, string name)
    {
        var file = SafetensorsFile.Read(bytes, name);
        var (counts, exact) = (file.ReadArray<int>("top.count"), file.Entries.Any(entry => entry.Name == "values"));
        var neurons = counts.Length;
        var tally = new LayerTally(neurons, exact, imageSet: 0);
        var (values, images, positions) = (file.ReadArray<float>("top.value"), file.ReadArray<int>("top.image"),
            file.ReadArray<int>("top.position"));
        for (var neuron = 0; neuron < neurons; neuron++)
        {
            for (var rank = 0; rank < counts[neuron]; rank++)
            {
                var at = (neuron * TopTable.Size) + rank;
                tally.Top.Offer(neuron, values[at], images[at], positions[at]);
            }
        }
        tally.AddMoments(
            file.ReadArray<double>("sum"), file.ReadArray<double>("square"), file.ReadArray<float>("min"), file.ReadArray<float>("max"),
                file.ReadArray<long>("positive"));
        var (labels, classImages, classSums) = (file.ReadArray<int>("class.label"), file.ReadArray<long>("class.images"),
            file.ReadArray<double>("class.sum"));
        for (var i = 0; i < labels.Length; i++)
            tally.AddClass(labels[i], classImages[i], classSums.AsSpan(i * neurons, neurons));
        if (exact)
        {
            var rows = file.ReadArray<float>("values");
            for (var row = 0; row < rows.Length / Math.Max(1, neurons); row++)
                tally.Distribution.Add(rows.AsSpan(row * neurons, neurons));
        }
        else
        {
            tally.Distribution.AddCounts(file.ReadArray<int>("buckets"), file.ReadArray<long>("images")[0]);
        }
        // Tallies from before profiles were introduced can still be merged.
        if (file.Entries.Any(entry => entry.Name == "profile.image"))
            AddProfiles(tally, file.ReadArray<int>("profile.image"), file.ReadArray<float>("profile.value"), name);
        return tally;
    }

    private static void AddProfiles(LayerTally tally, int[] images, float[] values, string name)
    {
        if (values.Length != (long)images.Length * tally.Neurons)
        {
            throw new ModelFormatException(
                name, $"has {values.Length} values for the profiles of {tally.Neurons} neurons on {images.Length} images");
        }
        for (var i = 0; i < images.Length; i++)
            tally.AddProfile(images[i], values.AsSpan(i * tally.Neurons, tally.Neurons));
    }
}
