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
        var writer = new SafetensorsWriter();
        AddTable(writer, "top", tally.Top);
        if (tally.Bottom is { } bottom)
            AddTable(writer, "bottom", bottom);
        writer
            .Add("sum", tally.Sums.ToArray(), neurons).Add("square", tally.Squares.ToArray(), neurons)
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
        var (neurons, exact) = (file.ReadArray<int>("top.count").Length, Has("values"));
        var tally = new LayerTally(neurons, exact, imageSet: 0, isSigned: Has("bottom.value"));
        ReadTable(file, "top", tally.Top);
        if (tally.Bottom is { } bottom)
            ReadTable(file, "bottom", bottom);
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
        if (Has("profile.image"))
            AddProfiles(tally, file.ReadArray<int>("profile.image"), file.ReadArray<float>("profile.value"), name);
        return tally;

        bool Has(string entry) => file.Entries.Any(known => known.Name == entry);
    }

    private static void AddTable(SafetensorsWriter writer, string name, TopTable table)
    {
        var neurons = table.Neurons;
        var counts = Enumerable.Range(0, neurons).Select(neuron => table.GetAll(neuron).Length).ToArray();
        var depth = Math.Max(1, counts.DefaultIfEmpty().Max());
        var (values, images, positions) = (new float[neurons * depth], new int[neurons * depth], new int[neurons * depth]);
        for (var neuron = 0; neuron < neurons; neuron++)
        {
            var entries = table.GetAll(neuron);
            for (var rank = 0; rank < entries.Length; rank++)
            {
                var at = (neuron * depth) + rank;
                (values[at], images[at], positions[at]) = (entries[rank].Value, entries[rank].Image, entries[rank].Position);
            }
        }
        writer.Add($"{name}.value", values, neurons, depth).Add($"{name}.image", images, neurons, depth)
            .Add($"{name}.position", positions, neurons, depth).Add($"{name}.count", counts, neurons);
    }

    private static void ReadTable(SafetensorsFile file, string name, TopTable table)
    {
        var counts = file.ReadArray<int>($"{name}.count");
        var (values, images, positions) = (
            file.ReadArray<float>($"{name}.value"), file.ReadArray<int>($"{name}.image"), file.ReadArray<int>($"{name}.position"));
        // Tallies of earlier versions are nine entries deep.
        var depth = values.Length / Math.Max(1, counts.Length);
        for (var neuron = 0; neuron < counts.Length; neuron++)
        {
            for (var rank = 0; rank < counts[neuron]; rank++)
            {
                var at = (neuron * depth) + rank;
                table.Offer(neuron, values[at], images[at], positions[at]);
            }
        }
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
