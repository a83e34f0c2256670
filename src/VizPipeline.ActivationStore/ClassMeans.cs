using System.Runtime.InteropServices;
using VizPipeline.Jobs;
using VizPipeline.ObjectStore;

namespace VizPipeline.ActivationStore;

/// <summary>
/// The mean activation of every neuron of a layer over the images of every class, from the exact sums of the pass, in two NumPy files:
/// <c>class-means.npy</c> (float32 [neurons, classes], C order) and <c>class-images.npy</c> (int32 [classes, 2]: the class and the number
/// of its images that could be read).
/// </summary>
public static class ClassMeans
{
    private const string Means = "means";
    private const string Images = "images";

    /// <summary>Stores the means of a layer.</summary>
    /// <param name="store">The object store.</param>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="classes">Each class with the number of its images, which is not 0, and the sums of activations, [neurons].</param>
    /// <param name="neurons">Number of neurons.</param>
    /// <param name="cancellation">Cancels the writes.</param>
    public static async Task PutAsync(
        IObjectStore store, string atlasId, string layer, IReadOnlyList<(int Class, long Images, double[] Sums)> classes, int neurons,
        CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentNullException.ThrowIfNull(classes);
        var (means, images) = (new float[checked(neurons * classes.Count)], new int[2 * classes.Count]);
        for (var i = 0; i < classes.Count; i++)
        {
            (images[2 * i], images[(2 * i) + 1]) = (classes[i].Class, (int)classes[i].Images);
            for (var neuron = 0; neuron < neurons; neuron++)
                means[(neuron * classes.Count) + i] = (float)(classes[i].Sums[neuron] / classes[i].Images);
        }
        await store.PutAsync(
            AtlasKeys.ClassTable(atlasId, layer, Means), NpyMatrix.Write<float>(means, neurons, classes.Count, byColumn: false),
            cancellation);
        // Last, because readers look for it first.
        await store.PutAsync(
            AtlasKeys.ClassTable(atlasId, layer, Images), NpyMatrix.Write<int>(images, classes.Count, 2, byColumn: false), cancellation);
    }

    /// <summary>Gets the keys of the two files, the means first.</summary>
    public static IReadOnlyList<string> GetKeys(string atlasId, string layer) =>
        [AtlasKeys.ClassTable(atlasId, layer, Means), AtlasKeys.ClassTable(atlasId, layer, Images)];

    /// <summary>Returns the second file, <c>class-images.npy</c>, with other indices of the classes.</summary>
    /// <param name="file">The file.</param>
    /// <param name="key">Its key, for errors.</param>
    /// <param name="renumbered">The new index of each class.</param>
    /// <exception cref="CorruptTableException">The file is damaged, or has a class without a new index.</exception>
    public static byte[] Renumber(byte[] file, string key, IReadOnlyDictionary<int, int> renumbered)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(renumbered);
        var classes = CountClasses(file);
        var images = NpyMatrix.Read<int>(file, key, classes, 2, byColumn: false).ToArray();
        for (var i = 0; i < classes; i++)
            images[2 * i] = renumbered.TryGetValue(images[2 * i], out var index)
                ? index : throw new CorruptTableException($"{key}: has class {images[2 * i]}, which no image has");
        return NpyMatrix.Write<int>(images, classes, 2, byColumn: false);
    }

    /// <summary>Reads the means of one neuron, by class; null if the atlas has none.</summary>
    /// <param name="store">The object store.</param>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="neurons">Number of neurons of the layer.</param>
    /// <param name="channel">The neuron.</param>
    /// <param name="cancellation">Cancels the reads.</param>
    /// <exception cref="CorruptTableException">A file is damaged.</exception>
    public static async Task<IReadOnlyList<ClassMean>?> ReadAsync(
        IObjectStore store, string atlasId, string layer, int neurons, int channel, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        ArgumentOutOfRangeException.ThrowIfNegative(channel);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(channel, neurons);
        var key = AtlasKeys.ClassTable(atlasId, layer, Images);
        if (await store.TryGetAsync(key, cancellation) is not { } file)
            return null;
        var classes = CountClasses(file);
        var images = NpyMatrix.Read<int>(file, key, classes, 2, byColumn: false).ToArray();
        var header = NpyMatrix.Header<float>(neurons, classes, byColumn: false).Length;
        var means = MemoryMarshal.Cast<byte, float>(await store.GetRangeAsync(
            AtlasKeys.ClassTable(atlasId, layer, Means), header + ((long)channel * classes * sizeof(float)), classes * sizeof(float),
            cancellation)).ToArray();
        return [.. Enumerable.Range(0, classes).Select(i => new ClassMean(images[2 * i], images[(2 * i) + 1], means[i]))];
    }

    /// <summary>Reads the means of all neurons of a layer; null if the atlas has none.</summary>
    /// <param name="store">The object store.</param>
    /// <param name="atlasId">The atlas's id.</param>
    /// <param name="layer">The layer's name.</param>
    /// <param name="neurons">Number of neurons of the layer.</param>
    /// <param name="cancellation">Cancels the reads.</param>
    /// <returns>The index of each class, and the means [neurons, classes], row by row.</returns>
    /// <exception cref="CorruptTableException">A file is damaged.</exception>
    public static async Task<(IReadOnlyList<int> Classes, ReadOnlyMemory<float> Means)?> ReadAllAsync(
        IObjectStore store, string atlasId, string layer, int neurons, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        var keys = GetKeys(atlasId, layer);
        if (await store.TryGetAsync(keys[1], cancellation) is not { } file)
            return null;
        var classes = CountClasses(file);
        var images = NpyMatrix.Read<int>(file, keys[1], classes, 2, byColumn: false).ToArray();
        var means = await store.GetAsync(keys[0], cancellation);
        return (
            [.. Enumerable.Range(0, classes).Select(i => images[2 * i])],
            NpyMatrix.Read<float>(means, keys[0], neurons, classes, byColumn: false).ToArray());
    }

    private static int CountClasses(byte[] file) => (file.Length - NpyMatrix.Header<int>(1, 2, byColumn: false).Length) / (2 * sizeof(int));
}

/// <summary>The mean activation of a neuron over the images of a class.</summary>
/// <param name="Class">Index of the class.</param>
/// <param name="Images">Number of its images that could be read.</param>
/// <param name="Mean">The mean activation.</param>
public sealed record ClassMean(int Class, int Images, float Mean);
