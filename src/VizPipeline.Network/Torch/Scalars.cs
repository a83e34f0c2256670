namespace TorchSharp;

/// <summary>
/// Numbers for torch's operators. TorchSharp hands a scalar's address to torch and keeps the object alive no longer, so the garbage collector
/// may free it while torch reads it: seen once in minutes of work on a crowded machine, as an exception, and as easily a wrong number.
/// These stay alive until many thousands more were made, which is longer than any call takes to begin.
/// </summary>
public static class Scalars
{
    private const int Kept = 1 << 14;
    private static readonly Scalar[] Latest = new Scalar[Kept];
    private static int _made;

    /// <summary>A floating-point number.</summary>
    public static Scalar Of(double value) => Keep(value.ToScalar());

    /// <summary>A whole number.</summary>
    public static Scalar Of(long value) => Keep(value.ToScalar());

    /// <summary>A truth value.</summary>
    public static Scalar Of(bool value) => Keep(value.ToScalar());

    private static Scalar Keep(Scalar scalar) => Latest[Interlocked.Increment(ref _made) & (Kept - 1)] = scalar;
}
