namespace VizPipeline.Images;

/// <summary>
/// The input pixels and weights of each output pixel along one axis: Pillow's triangle filter, whose support grows with the reduction (its
/// <c>precompute_coeffs</c> and <c>normalize_coeffs_8bpc</c>), for a window of the output.
/// </summary>
internal sealed class ResampleKernel
{
    /// <summary>Weights are integers with 22 fractional bits, so that 255 times their sum still fits into 32 bits.</summary>
    public const int PrecisionBits = 32 - 8 - 2;

    private readonly int[] _first;
    private readonly int[] _count;
    private readonly int[] _weights;
    private readonly int _stride;

    /// <param name="inputSize">Number of pixels along the axis before resizing.</param>
    /// <param name="outputSize">Number of pixels along the whole axis after resizing.</param>
    /// <param name="start">First output pixel that is needed.</param>
    /// <param name="length">Number of output pixels that are needed.</param>
    public ResampleKernel(int inputSize, int outputSize, int start, int length)
    {
        var scale = (double)inputSize / outputSize;
        var support = Math.Max(scale, 1.0);
        _stride = (int)Math.Ceiling(support) * 2 + 1;
        _first = new int[length];
        _count = new int[length];
        _weights = new int[length * _stride];
        Span<double> exact = new double[_stride];
        for (var i = 0; i < length; i++)
        {
            var centre = (start + i + 0.5) * scale;
            _first[i] = Math.Max((int)(centre - support + 0.5), 0);
            _count[i] = Math.Min((int)(centre + support + 0.5), inputSize) - _first[i];
            Fill(exact[.._count[i]], _first[i] - centre + 0.5, 1.0 / support);
            for (var tap = 0; tap < _count[i]; tap++)
                _weights[i * _stride + tap] = (int)(0.5 + exact[tap] * (1 << PrecisionBits));
        }
    }

    public int Length => _first.Length;

    /// <summary>First input pixel that any output pixel needs.</summary>
    public int Begin => _first[0];

    /// <summary>One past the last input pixel that any output pixel needs.</summary>
    public int End => _first[^1] + _count[^1];

    /// <summary>Returns the first input pixel of output pixel <paramref name="i"/>.</summary>
    public int First(int i) => _first[i];

    /// <summary>Returns the weights of the input pixels from <see cref="First"/> on.</summary>
    public ReadOnlySpan<int> Weights(int i) => _weights.AsSpan(i * _stride, _count[i]);

    // The order of these additions and divisions is Pillow's; another order rounds differently and would not be bit-exact.
    private static void Fill(Span<double> weights, double offset, double inverseSupport)
    {
        var sum = 0.0;
        for (var tap = 0; tap < weights.Length; tap++)
            sum += weights[tap] = Triangle((tap + offset) * inverseSupport);
        if (sum == 0.0)
            return;
        foreach (ref var weight in weights)
            weight /= sum;
    }

    private static double Triangle(double x) => Math.Max(0.0, 1.0 - Math.Abs(x));
}
