namespace VizPipeline.Methods.Search;

/// <summary>
/// Everything that one pass over images records about a layer's neurons: the strongest images, moments, the distribution, sums per class,
/// and the activations on a sample of the images. A tally merged from shards equals the tally of the whole set.
/// </summary>
public sealed class LayerTally
{
    private readonly double[] _sums;
    private readonly double[] _squares;
    private readonly SortedDictionary<int, ClassSum> _classes = [];
    private readonly SortedDictionary<int, float[]> _profiles = [];
    private readonly Func<int, bool> _isProfiled;
    private readonly float[] _negated;

    /// <summary>Creates an empty tally for <paramref name="neurons"/> neurons.</summary>
    /// <param name="neurons">Number of neurons of the layer.</param>
    /// <param name="exact">Whether the distribution keeps values (image sets of up to
    /// <see cref="ActivationDistribution.ExactImages"/>).</param>
    /// <param name="imageSet">Number of images of the whole set, which determines <see cref="ProfileSample"/>; 0 for a tally that only
    /// merges.</param>
    /// <param name="isSigned">Whether the layer has values below 0, so that its weakest images mean something.</param>
    /// <param name="profiled">The images of which activations are kept; null for those of the image set in even steps.</param>
    public LayerTally(int neurons, bool exact, int imageSet, bool isSigned = false, IReadOnlySet<int>? profiled = null)
    {
        (_sums, _squares) = (new double[neurons], new double[neurons]);
        _isProfiled = profiled is null ? image => ProfileSample.Has(image, imageSet) : profiled.Contains;
        Top = new TopTable(neurons);
        (Bottom, _negated) = isSigned ? (new TopTable(neurons, TopTable.Size), new float[neurons]) : (null, []);
        Distribution = new ActivationDistribution(neurons, exact);
        (Min, Max, Positive) = (new float[neurons], new float[neurons], new long[neurons]);
        Array.Fill(Min, float.PositiveInfinity);
        Array.Fill(Max, float.NegativeInfinity);
    }

    /// <summary>Number of neurons.</summary>
    public int Neurons => Top.Neurons;

    /// <summary>Number of images seen.</summary>
    public long Images => Distribution.Images;

    /// <summary>The strongest activations of each neuron.</summary>
    public TopTable Top { get; }

    /// <summary>The nine weakest activations of each neuron, with the opposite sign; null unless the layer has values below 0.</summary>
    internal TopTable? Bottom { get; }

    /// <summary>Whether the weakest activations are recorded.</summary>
    public bool IsSigned => Bottom is not null;

    /// <summary>The distribution of activations.</summary>
    public ActivationDistribution Distribution { get; }

    /// <summary>Smallest activation, [neurons].</summary>
    public float[] Min { get; }

    /// <summary>Largest activation, [neurons].</summary>
    public float[] Max { get; }

    /// <summary>Number of images with an activation above 0, [neurons].</summary>
    public long[] Positive { get; }

    /// <summary>Sum of activations, [neurons].</summary>
    public ReadOnlySpan<double> Sums => _sums;

    /// <summary>Sum of squared activations, [neurons].</summary>
    public ReadOnlySpan<double> Squares => _squares;

    /// <summary>Sums per class index, for images that have a class.</summary>
    public IReadOnlyDictionary<int, ClassSum> Classes => _classes;

    /// <summary>
    /// Activations, [neurons] each, on the images of <see cref="ProfileSample"/> that were seen, by ascending image index.
    /// </summary>
    public IReadOnlyDictionary<int, float[]> Profiles => _profiles;

    /// <summary>
    /// Returns the nine weakest activations of a neuron, the weakest first, equal ones by image; none unless <see cref="IsSigned"/>.
    /// </summary>
    public IReadOnlyList<TopEntry> GetBottom(int neuron) =>
        Bottom is null ? [] : [.. Bottom.GetAll(neuron).ToArray().Select(entry => entry with { Value = -entry.Value })];

    /// <summary>Counts one image.</summary>
    /// <param name="image">Its index; each image may be added once.</param>
    /// <param name="imageClass">Its class, or null.</param>
    /// <param name="activations">Spatial maxima, [neurons]; must be finite.</param>
    /// <param name="positions">Row-major positions of the maxima, [neurons].</param>
    /// <exception cref="NotFiniteNumberException">The network overflowed on this image.</exception>
    public void Add(int image, int? imageClass, ReadOnlySpan<float> activations, ReadOnlySpan<int> positions)
    {
        if (activations.Length != Neurons || positions.Length != Neurons)
        {
            throw new ArgumentException(
                $"{activations.Length} activations and {positions.Length} positions for {Neurons} neurons", nameof(activations));
        }
        var sumOfClass = imageClass is { } label ? ClassOf(label) : null;
        // Simple loops over few sums each: over a million images this is the only work per value, and such loops stay in registers.
        for (var neuron = 0; neuron < activations.Length; neuron++)
        {
            if (!float.IsFinite(activations[neuron]))
            {
                throw new NotFiniteNumberException(
                    $"neuron {neuron} gives {activations[neuron]} on image {image}: "
                    + "the weights or the preprocessing do not match the network");
            }
        }
        Top.Offer(image, activations, positions);
        if (Bottom is not null)
        {
            for (var neuron = 0; neuron < activations.Length; neuron++)
                _negated[neuron] = -activations[neuron];
            Bottom.Offer(image, _negated, positions);
        }
        var (sums, squares, min, max, positive) = (_sums, _squares, Min, Max, Positive);
        for (var neuron = 0; neuron < activations.Length; neuron++)
        {
            var value = activations[neuron];
            sums[neuron] += value;
            squares[neuron] += (double)value * value;
            min[neuron] = Math.Min(min[neuron], value);
            max[neuron] = Math.Max(max[neuron], value);
            positive[neuron] += value > 0 ? 1 : 0;
        }
        for (var neuron = 0; sumOfClass is not null && neuron < activations.Length; neuron++)
            sumOfClass.Sums[neuron] += activations[neuron];
        if (sumOfClass is not null)
            sumOfClass.Images++;
        Distribution.Add(activations);
        if (_isProfiled(image))
            AddProfile(image, activations);
    }

    /// <summary>Adds a tally over other images.</summary>
    public void Merge(LayerTally other)
    {
        ArgumentNullException.ThrowIfNull(other);
        Top.Merge(other.Top);
        if (Bottom is not null && other.Bottom is not null)
            Bottom.Merge(other.Bottom);
        Distribution.Merge(other.Distribution);
        AddMoments(other._sums, other._squares, other.Min, other.Max, other.Positive);
        foreach (var (label, sums) in other._classes)
            AddClass(label, sums.Images, sums.Sums);
        foreach (var (image, activations) in other._profiles)
            AddProfile(image, activations);
    }

    /// <summary>
    /// Leaves out the activations of images that are no longer selected, because the image set has become larger since its shards were
    /// tallied.
    /// </summary>
    /// <param name="profiled">The selected images.</param>
    public void KeepProfiles(IReadOnlySet<int> profiled)
    {
        ArgumentNullException.ThrowIfNull(profiled);
        foreach (var image in _profiles.Keys.Where(image => !profiled.Contains(image)).ToList())
            _profiles.Remove(image);
    }

    internal void AddMoments(
        ReadOnlySpan<double> sums, ReadOnlySpan<double> squares, ReadOnlySpan<float> min, ReadOnlySpan<float> max,
        ReadOnlySpan<long> positive)
    {
        for (var neuron = 0; neuron < Neurons; neuron++)
        {
            _sums[neuron] += sums[neuron];
            _squares[neuron] += squares[neuron];
            Min[neuron] = Math.Min(Min[neuron], min[neuron]);
            Max[neuron] = Math.Max(Max[neuron], max[neuron]);
            Positive[neuron] += positive[neuron];
        }
    }

    internal void AddClass(int label, long images, ReadOnlySpan<double> sums)
    {
        var sum = ClassOf(label);
        sum.Images += images;
        for (var neuron = 0; neuron < Neurons; neuron++)
            sum.Sums[neuron] += sums[neuron];
    }

    internal void AddProfile(int image, ReadOnlySpan<float> activations) => _profiles[image] = activations.ToArray();

    private ClassSum ClassOf(int label)
    {
        if (!_classes.TryGetValue(label, out var sum))
            _classes[label] = sum = new ClassSum(new double[Neurons]);
        return sum;
    }

    /// <summary>The number of images of a class and the sum of each neuron's activations on them.</summary>
    public sealed class ClassSum(double[] sums)
    {
        /// <summary>Number of images of the class.</summary>
        public long Images { get; internal set; }

        /// <summary>Sums, [neurons].</summary>
        public double[] Sums { get; } = sums;
    }
}
