namespace TorchSharp;

/// <summary>
/// Numbers for torch's operators, and the operators that make numbers of their own. TorchSharp hands a scalar's address to torch and keeps the object alive no longer, so the garbage collector
/// may free it while torch reads it: seen once in minutes of work on a crowded machine, as an exception, and as easily a wrong number.
/// These stay alive until many thousands more were made, which is longer than any call takes to begin.
/// </summary>
public static class Scalars
{
    private const int Kept = 1 << 14;
    private static readonly Scalar[] Latest = new Scalar[Kept];
    private static readonly Scalar One = 1.ToScalar();
    private static int _made;

    /// <summary>A floating-point number.</summary>
    public static Scalar Of(double value) => Keep(value.ToScalar());

    /// <summary>A whole number.</summary>
    public static Scalar Of(long value) => Keep(value.ToScalar());

    /// <summary>A truth value.</summary>
    public static Scalar Of(bool value) => Keep(value.ToScalar());

    /// <summary>The sum. TorchSharp's own <c>+</c> multiplies by a 1 that it makes for the call.</summary>
    public static torch.Tensor Plus(this torch.Tensor left, torch.Tensor right) => (left ?? throw new ArgumentNullException(nameof(left))).add(right, One);

    /// <summary>The sum with a number.</summary>
    public static torch.Tensor Plus(this torch.Tensor left, Scalar right) => (left ?? throw new ArgumentNullException(nameof(left))).add(right, One);

    /// <summary>The sum, written over the first.</summary>
    public static torch.Tensor PlusInPlace(this torch.Tensor left, torch.Tensor right) => (left ?? throw new ArgumentNullException(nameof(left))).add_(right, One);

    /// <summary>The sum with a number, written over the first.</summary>
    public static torch.Tensor PlusInPlace(this torch.Tensor left, Scalar right) => (left ?? throw new ArgumentNullException(nameof(left))).add_(right, One);

    /// <summary>A number minus a tensor.</summary>
    public static torch.Tensor Minus(this Scalar left, torch.Tensor right) => (right ?? throw new ArgumentNullException(nameof(right))).negative().add(left, One);

    private static Scalar Keep(Scalar scalar) => Latest[Interlocked.Increment(ref _made) & (Kept - 1)] = scalar;
}
