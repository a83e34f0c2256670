using Microsoft.EntityFrameworkCore;
using VizPipeline.ActivationStore;
using VizPipeline.Atlas.Export;
using VizPipeline.Catalog;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.Atlas.Web.Data;

/// <summary>The order of a neuron's images.</summary>
internal enum ActivationOrder
{
    /// <summary>The largest activation first.</summary>
    Strongest,

    /// <summary>The smallest activation first.</summary>
    Weakest,

    /// <summary>By the index of the image.</summary>
    Image,
}

/// <summary>Answers questions about the kept activations of an atlas, for the API and <c>viz store</c>.</summary>
internal sealed class ActivationQueries(IObjectStore store, CatalogContext catalog, LoadedAtlas atlas)
{
    /// <summary>Describes what is kept of each layer; layers of which nothing is kept are left out.</summary>
    public async Task<IReadOnlyList<ActivationTables.LayerRow>> ReadLayersAsync(CancellationToken cancellation)
    {
        var rows = new List<ActivationTables.LayerRow>();
        foreach (var layer in atlas.Layers)
        {
            if (await KeptActivations.OpenAsync(store, atlas.Id, layer.Name, cancellation) is not { Index: var index })
                continue;
            var values = (long)index.Rows * index.Neurons;
            rows.Add(new(
                layer.Name, index.Neurons, index.Rows, index.Images, index.Positions is not null,
                values * (2 + (index.Positions is null ? 0 : (long)index.Height * index.Width > ushort.MaxValue + 1 ? 4 : 2))));
        }
        return rows;
    }

    /// <summary>Finds an image by its index or its path.</summary>
    /// <exception cref="NotFoundException">There is none.</exception>
    public Task<int> FindImageAsync(string image, CancellationToken cancellation) =>
        CatalogLookup.FindImageAsync(catalog, atlas, image, cancellation);

    /// <summary>Returns whether activations of a layer are kept.</summary>
    public async Task<bool> HasAsync(Layer layer, CancellationToken cancellation) =>
        await KeptActivations.OpenAsync(store, atlas.Id, layer.Name, cancellation) is not null;

    /// <summary>Opens the activations of a layer.</summary>
    /// <exception cref="NotFoundException">None were kept.</exception>
    public async Task<KeptActivations> OpenAsync(Layer layer, CancellationToken cancellation) =>
        await KeptActivations.OpenAsync(store, atlas.Id, layer.Name, cancellation)
            ?? throw new NotFoundException(
                $"No activations of layer '{layer.Name}' are kept in atlas '{atlas.Id}'. `viz run` keeps them unless --keep none is "
                + "given.");

    /// <summary>Reads the top list of a neuron: exact activations, as many as the pass recorded (100).</summary>
    /// <exception cref="NotFoundException">There is no such neuron, or the atlas is older than top lists.</exception>
    public async Task<IReadOnlyList<(int Rank, NeuronImage Image)>> ReadTopAsync(
        Layer layer, int channel, int count, CancellationToken cancellation)
    {
        CheckChannel(layer, channel);
        return await TryReadTopAsync(layer, channel, cancellation, count) ?? throw new NotFoundException(
            $"Atlas '{atlas.Id}' has no top list of layer '{layer.Name}': it is not merged yet, or was built by an earlier version.");
    }

    /// <summary>Reads the weakest images of a neuron: exact activations, the weakest first, nine at most.</summary>
    /// <exception cref="NotFoundException">There is no such neuron, or the pass did not record them.</exception>
    public async Task<IReadOnlyList<(int Rank, NeuronImage Image)>> ReadBottomAsync(
        Layer layer, int channel, CancellationToken cancellation)
    {
        CheckChannel(layer, channel);
        return await TryReadListAsync(layer, channel, TopList.Bottom, int.MaxValue, cancellation) ?? throw new NotFoundException(
            layer.Rectified == true
                ? $"Layer '{layer.Name}' has no value below 0, so many images are its weakest alike and none are recorded."
                : $"Atlas '{atlas.Id}' has no list of the weakest images of layer '{layer.Name}': it is not merged yet, or was built by "
                    + "an earlier version.");
    }

    /// <summary>Reads the top list of a neuron; null if the atlas has none.</summary>
    public Task<IReadOnlyList<(int Rank, NeuronImage Image)>?> TryReadTopAsync(
        Layer layer, int channel, CancellationToken cancellation, int count = int.MaxValue) =>
        TryReadListAsync(layer, channel, TopList.Top, count, cancellation);

    private async Task<IReadOnlyList<(int Rank, NeuronImage Image)>?> TryReadListAsync(
        Layer layer, int channel, string end, int count, CancellationToken cancellation)
    {
        if (await TopList.ReadAsync(store, atlas.Id, layer.Name, end, layer.Channels, channel, cancellation) is not { } entries)
            return null;
        TopListEntry[] chosen = [.. entries.Take(count)];
        var described = await ReadPathsAsync([.. chosen.Select(entry => entry.Image)], cancellation);
        return [.. chosen.Select((entry, i) => (entry.Rank, new NeuronImage(
            entry.Image, described[i].Path, described[i].Class, entry.Activation, entry.Position / layer.Width,
            entry.Position % layer.Width)))];
    }

    /// <summary>Reads the mean activation of a neuron over the images of each class, the largest first.</summary>
    /// <exception cref="NotFoundException">There is no such neuron, the images have no classes, or the atlas is older.</exception>
    public async Task<IReadOnlyList<ActivationTables.ClassRow>> ReadClassesAsync(
        Layer layer, int channel, int count, CancellationToken cancellation)
    {
        CheckChannel(layer, channel);
        var means = await ClassMeans.ReadAsync(store, atlas.Id, layer.Name, layer.Channels, channel, cancellation)
            ?? throw new NotFoundException(
                $"Atlas '{atlas.Id}' has no class means of layer '{layer.Name}': its images have no classes, the layer is not merged yet, "
                + "or the atlas was built by an earlier version.");
        return [.. means.OrderByDescending(row => row.Mean).ThenBy(row => row.Class).Take(count)
            .Select(row => new ActivationTables.ClassRow(atlas.ClassName(row.Class), row.Class, row.Images, row.Mean))];
    }

    /// <summary>
    /// Reads the neurons that are most selective for some classes together, such as all breeds of dogs: class_selectivity
    /// (docs/methods.md, section 5), with the mean of the classes' means in the place of the best class.
    /// </summary>
    /// <param name="layers">The layers; those without class means are left out.</param>
    /// <param name="classes">Indices of the classes.</param>
    /// <param name="count">Maximum number of neurons.</param>
    /// <param name="cancellation">Cancels the reads.</param>
    /// <exception cref="NotFoundException">No layer has class means, or none of the classes has an image.</exception>
    /// <exception cref="QueryException">These are all classes, so that there is nothing to compare them with.</exception>
    public async Task<IReadOnlyList<ActivationTables.SelectiveRow>> FindSelectiveAsync(
        IReadOnlyList<Layer> layers, IReadOnlySet<int> classes, int count, CancellationToken cancellation)
    {
        var (found, isKnown) = (new List<ActivationTables.SelectiveRow>(), false);
        foreach (var layer in layers)
        {
            if (await ClassMeans.ReadAllAsync(store, atlas.Id, layer.Name, layer.Channels, cancellation) is not var (known, means))
                continue;
            isKnown = true;
            int[] inside = [.. Enumerable.Range(0, known.Count).Where(place => classes.Contains(known[place]))];
            int[] outside = [.. Enumerable.Range(0, known.Count).Except(inside)];
            if (inside.Length == 0)
                throw new NotFoundException($"No image of atlas '{atlas.Id}' has one of these classes.");
            if (outside.Length == 0)
                throw new QueryException("class: these are all classes of the images; give some of them, to compare them with the others");
            var id = layer.Id;
            var neurons = await catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == id).ToListAsync(cancellation);
            var least = layer.Rectified == false ? neurons.Min(neuron => neuron.HistogramLow) ?? 0 : 0;
            foreach (var neuron in neurons.Where(neuron => NeuronSupport.IsEnough(atlas, neuron)))
            {
                var row = means.Slice(neuron.Channel * known.Count, known.Count);
                var (own, rest) = (Mean(row, inside), Mean(row, outside));
                if (own + rest - (2 * least) is > 0 and var range)
                    found.Add(new(layer, neuron, atlas.Names.Output(layer, neuron.Channel), (own - rest) / range, own, rest));
            }
            found = [.. found.OrderByDescending(row => row.Selectivity).ThenBy(row => row.Layer.LayerIndex)
                .ThenBy(row => row.Neuron.Channel).Take(count)];
        }
        return isKnown ? found : throw new NotFoundException(
            $"Atlas '{atlas.Id}' has no class means: its images have no classes, no layer is merged yet, or it was built by an earlier "
            + "version.");

        static double Mean(ReadOnlyMemory<float> means, int[] places) => places.Average(place => (double)means.Span[place]);
    }

    /// <summary>Reads the neurons most similar to one, by the cosine of their centred activations over up to 512 images.</summary>
    /// <exception cref="NotFoundException">There is no such neuron.</exception>
    public async Task<IReadOnlyList<(Layer Layer, Neuron Neuron, float Similarity)>> FindSimilarAsync(
        Layer layer, int channel, int count, CancellationToken cancellation)
    {
        CheckChannel(layer, channel);
        var profiles = new List<(int Layer, ActivationProfiles Profiles)>();
        foreach (var row in atlas.Layers)
        {
            var key = AtlasKeys.LayerProfiles(atlas.Id, row.Name);
            if (await store.TryGetAsync(key, cancellation) is { } file)
                profiles.Add((row.LayerIndex, ActivationProfiles.Read(file, key)));
        }
        var found = SimilarNeurons.Build(profiles).FindSimilar(layer.LayerIndex, channel, count);
        return await NeuronContents.ReadNeuronsAsync(catalog, atlas, found, cancellation);
    }

    /// <summary>Reads some images of a neuron in some order.</summary>
    /// <param name="layer">The layer.</param>
    /// <param name="channel">The neuron.</param>
    /// <param name="subset">The images that count.</param>
    /// <param name="order">Their order; equal activations by image.</param>
    /// <param name="chooseFirst">Returns how many images to leave out at the start, given their number.</param>
    /// <param name="count">Maximum number of images.</param>
    /// <param name="cancellation">Cancels the reads.</param>
    /// <returns>The images, how many come before them, and how many there are.</returns>
    public async Task<(IReadOnlyList<NeuronImage> Rows, int First, int Total)> ReadImagesAsync(
        Layer layer, int channel, ImageSubset subset, ActivationOrder order, Func<int, int> chooseFirst, int count,
        CancellationToken cancellation)
    {
        var (kept, values) = await ReadAsync(layer, channel, subset, cancellation);
        var total = values.Count(value => !float.IsNaN(value));
        var first = Math.Clamp(chooseFirst(total), 0, total);
        var wanted = (int)Math.Min(total, (long)first + count);
        int[] places = order switch
        {
            ActivationOrder.Strongest => ActivationMath.FindLargest(values, wanted),
            ActivationOrder.Weakest => ActivationMath.FindSmallest(values, wanted),
            _ => [.. Enumerable.Range(0, values.Length).Where(row => !float.IsNaN(values[row])).Take(wanted)],
        };
        return (await DescribeAsync(kept, channel, values, [.. places.Skip(first)], cancellation), first, total);
    }

    /// <summary>
    /// Reads a few images of each band of a neuron's activations, from the strongest band to the median: what the neuron responds to less
    /// than most, where the strongest images show only its extreme.
    /// </summary>
    /// <exception cref="NotFoundException">There is no such neuron, or none of its activations were kept.</exception>
    public async Task<IReadOnlyList<ExemplarGroup>> ReadBandsAsync(Layer layer, int channel, CancellationToken cancellation)
    {
        var (kept, values) = await ReadAsync(layer, channel, new ImageSubset(), cancellation);
        var groups = new List<ExemplarGroup>();
        foreach (var band in ExemplarBand.Cut(values, channel).Reverse())
            groups.Add(new ExemplarGroup(
                "band", band.Name, band.Low, band.High, null, band.Images,
                await DescribeAsync(kept, channel, values, band.Places, cancellation)));
        return groups;
    }

    /// <summary>
    /// Reads the strongest images of the classes that a neuron prefers by its mean activation, the most preferred class first.
    /// </summary>
    /// <inheritdoc cref="ReadBandsAsync"/>
    public async Task<IReadOnlyList<ExemplarGroup>> ReadClassExemplarsAsync(Layer layer, int channel, CancellationToken cancellation)
    {
        var classes = await ReadClassesAsync(layer, channel, ExemplarGroup.Classes, cancellation);
        var groups = new List<ExemplarGroup>();
        foreach (var row in classes)
        {
            var (kept, values) = await ReadAsync(layer, channel, new ImageSubset(Label: row.Index), cancellation);
            var places = ActivationMath.FindLargest(values, ExemplarGroup.ImagesPerClass);
            groups.Add(new ExemplarGroup(
                "class", row.Class ?? $"class {row.Index}", null, null, row.Mean, row.Images,
                await DescribeAsync(kept, channel, values, places, cancellation)));
        }
        return groups;
    }

    /// <summary>Computes the distribution of a neuron's activations over some images; null if none of them has one.</summary>
    public async Task<ValueDistribution?> DescribeAsync(
        Layer layer, int channel, ImageSubset subset, int bins, IReadOnlyList<double> levels, CancellationToken cancellation) =>
        ActivationMath.Describe((await ReadAsync(layer, channel, subset, cancellation)).Values, bins, levels);

    /// <summary>
    /// Computes the Pearson correlation of two neurons over the images that were kept of both; null if one of them is constant.
    /// </summary>
    public async Task<(double? Correlation, int Images)> CorrelateAsync(
        (Layer Layer, int Channel) one, (Layer Layer, int Channel) other, ImageSubset subset, CancellationToken cancellation)
    {
        var (_, values) = await ReadAsync(one.Layer, one.Channel, subset, cancellation);
        var (_, others) = await ReadAsync(other.Layer, other.Channel, subset, cancellation);
        return (ActivationMath.Correlate(values, others), values.Zip(others).Count(pair => !float.IsNaN(pair.First + pair.Second)));
    }

    /// <summary>Reads the neurons of some layers by their activation on an image, as shares of their maxima, the largest first.</summary>
    /// <param name="image">Index of the image.</param>
    /// <param name="layers">The layers; those of which nothing is kept are left out.</param>
    /// <param name="count">Maximum number of neurons.</param>
    /// <param name="cancellation">Cancels the reads.</param>
    /// <exception cref="NotFoundException">The image was not kept.</exception>
    public async Task<IReadOnlyList<ActivationTables.NeuronRow>> ReadNeuronsAsync(
        int image, IReadOnlyList<Layer> layers, int count, CancellationToken cancellation)
    {
        var (found, isKept) = (new List<ActivationTables.NeuronRow>(), false);
        foreach (var layer in layers)
        {
            if (await KeptActivations.OpenAsync(store, atlas.Id, layer.Name, cancellation) is not { } kept)
                continue;
            isKept = true;
            var values = await kept.ReadImageAsync(RowOf(kept, image), cancellation);
            var id = layer.Id;
            await foreach (var neuron in catalog.Neurons.AsNoTracking().Where(neuron => neuron.LayerId == id).AsAsyncEnumerable()
                .WithCancellation(cancellation))
            {
                if (neuron.Channel < values.Length && !float.IsNaN(values[neuron.Channel]))
                    found.Add(new(layer, neuron, atlas.Names.Output(layer, neuron.Channel), values[neuron.Channel]));
            }
            // Of a wide network only the best of each layer can be among the best of all.
            found = [.. Sort(found).Take(count)];
        }
        if (!isKept)
            _ = await OpenAsync(layers[0], cancellation);
        return found;
    }

    /// <summary>Finds the images most alike to one, by the cosine of a layer's activations.</summary>
    /// <exception cref="NotFoundException">The image was not kept.</exception>
    public async Task<IReadOnlyList<ActivationTables.AlikeRow>> FindAlikeAsync(
        int image, Layer layer, int count, CancellationToken cancellation)
    {
        var kept = await OpenAsync(layer, cancellation);
        var own = RowOf(kept, image);
        var pattern = await kept.ReadImageAsync(own, cancellation);
        var similarities = new float[kept.Index.Rows];
        await foreach (var block in kept.ReadBlocksAsync(cancellation))
            ActivationMath.Cosines(pattern, block).CopyTo(similarities.AsSpan(block.First));
        similarities[own] = float.NaN;
        var rows = ActivationMath.FindLargest(similarities, count);
        var described = await ReadPathsAsync([.. rows.Select(kept.Index.ImageOf)], cancellation);
        return [.. rows.Select((row, i) => new ActivationTables.AlikeRow(
            described[i].Image, described[i].Path, described[i].Class, similarities[row]))];
    }

    private static IEnumerable<ActivationTables.NeuronRow> Sort(IEnumerable<ActivationTables.NeuronRow> rows) => rows
        .OrderByDescending(row => row.ShareOfMax ?? double.NegativeInfinity).ThenBy(row => row.Layer.LayerIndex)
        .ThenBy(row => row.Neuron.Channel);

    private int RowOf(KeptActivations kept, int image)
    {
        if (image < 0 || image >= kept.Index.Images)
            throw new NotFoundException($"Atlas '{atlas.Id}' has no image {image}. It has {Format.Number(kept.Index.Images)}.");
        return kept.Index.RowOf(image) is >= 0 and var row ? row : throw new NotFoundException(
            $"The activations of image {image} are not kept: --keep kept a sample of {Format.Number(kept.Index.Rows)} of "
            + $"{Format.Number(kept.Index.Images)} images.");
    }

    /// <summary>Checks that a layer has a neuron.</summary>
    /// <exception cref="NotFoundException">It has not.</exception>
    public static void CheckChannel(Layer layer, int channel)
    {
        if (channel < 0 || channel >= layer.Channels)
            throw new NotFoundException($"Layer '{layer.Name}' has no neuron {channel}. It has {Format.Number(layer.Channels)}.");
    }

    private async Task<(KeptActivations Kept, float[] Values)> ReadAsync(
        Layer layer, int channel, ImageSubset subset, CancellationToken cancellation)
    {
        CheckChannel(layer, channel);
        var kept = await OpenAsync(layer, cancellation);
        var values = await kept.ReadNeuronAsync(channel, cancellation);
        if (await subset.FindAsync(catalog, atlas, cancellation) is { } images)
        {
            for (var row = 0; row < values.Length; row++)
            {
                if (!images.Contains(kept.Index.ImageOf(row)))
                    values[row] = float.NaN;
            }
        }
        return (kept, values);
    }

    private async Task<IReadOnlyList<NeuronImage>> DescribeAsync(
        KeptActivations kept, int channel, float[] values, IReadOnlyList<int> rows, CancellationToken cancellation)
    {
        var positions = rows.Count == 0 ? null : await kept.ReadPositionsAsync(channel, cancellation);
        var described = await ReadPathsAsync([.. rows.Select(kept.Index.ImageOf)], cancellation);
        return [.. rows.Select((row, i) => new NeuronImage(
            described[i].Image, described[i].Path, described[i].Class, values[row], positions?[row] / kept.Index.Width,
            positions?[row] % kept.Index.Width))];
    }

    private async Task<IReadOnlyList<(int Image, string Path, string? Class)>> ReadPathsAsync(
        IReadOnlyList<int> images, CancellationToken cancellation)
    {
        var id = atlas.Row.Id;
        var rows = new Dictionary<int, Image>();
        // In parts: databases limit the number of parameters.
        foreach (var part in images.Chunk(NeuronQuery.LargestPage))
        {
            foreach (var image in await catalog.Images.AsNoTracking()
                .Where(image => image.AtlasId == id && part.Contains(image.ImageIndex)).ToListAsync(cancellation))
                rows[image.ImageIndex] = image;
        }
        return [.. images.Select(index => rows.TryGetValue(index, out var image)
            ? (index, image.Path, atlas.ClassName(image.Label)) : (index, "", null))];
    }
}
