using TorchSharp;

namespace VizPipeline.Methods.GradientAscent;

/// <summary>The state of a step rule on a batch, including what it remembers of earlier steps.</summary>
internal abstract class Stepper : IDisposable
{
    /// <summary>Returns the change to add, of the gradient's shape [N, ...].</summary>
    public abstract torch.Tensor Step(torch.Tensor gradient);

    /// <summary>Continues with only these rows of the batch.</summary>
    public virtual void Keep(torch.Tensor rows)
    {
    }

    public abstract void Dispose();
}

/// <summary>One rate per image, stateless.</summary>
internal sealed class RateStepper(RateRule rule) : Stepper
{
    public override void Dispose()
    {
    }

    public override torch.Tensor Step(torch.Tensor gradient)
    {
        var squaredNorms = gradient.square().flatten(1).sum(1);
        var rates = rule.Rates(squaredNorms, gradient.numel() / gradient.shape[0]);
        return gradient * rates.reshape([-1, .. Enumerable.Repeat(1L, (int)gradient.dim() - 1)]);
    }
}

/// <summary>Adam and NAdam. They work elementwise, so images of a batch do not influence each other.</summary>
internal sealed class AdamStepper(double rate, double beta1, double beta2, bool isNesterov) : Stepper
{
    private const double Epsilon = 1e-8;

    // The default of torch and Keras for the momentum schedule.
    private const double MomentumDecay = 0.004;

    private torch.Tensor? _mean;
    private torch.Tensor? _square;
    private double _momentumProduct = 1;
    private int _step;

    public static IEnumerable<string> Faults(double beta1, double beta2)
    {
        if (beta1 is not (>= 0 and < 1))
            yield return $"rule's beta1 must be 0 or more and below 1, not {beta1}";
        if (beta2 is not (>= 0 and < 1))
            yield return $"rule's beta2 must be 0 or more and below 1, not {beta2}";
    }

    public override torch.Tensor Step(torch.Tensor gradient)
    {
        _step++;
        var (mean, square) = (_mean, _square);
        var (newMean, newSquare) = (gradient.Times(1 - beta1), gradient.square().Times(1 - beta2));
        _mean = (mean is null ? newMean : mean.Times(beta1).Plus(newMean)).DetachFromDisposeScope();
        _square = (square is null ? newSquare : square.Times(beta2).Plus(newSquare)).DetachFromDisposeScope();
        mean?.Dispose();
        square?.Dispose();
        var deviation = _square.DividedBy(1 - Math.Pow(beta2, _step)).sqrt_().PlusInPlace(Epsilon);
        var step = isNesterov ? NesterovMean(gradient).TimesInPlace(rate) : _mean.Times(rate / (1 - Math.Pow(beta1, _step)));
        return step.div_(deviation);
    }

    public override void Keep(torch.Tensor rows)
    {
        var (mean, square) = (_mean, _square);
        (_mean, _square) = (mean?.index_select(0, rows).DetachFromDisposeScope(), square?.index_select(0, rows).DetachFromDisposeScope());
        mean?.Dispose();
        square?.Dispose();
    }

    public override void Dispose()
    {
        _mean?.Dispose();
        _square?.Dispose();
    }

    private torch.Tensor NesterovMean(torch.Tensor gradient)
    {
        double Momentum(int step) => beta1 * (1 - (0.5 * Math.Pow(0.96, step * MomentumDecay)));
        var (now, next) = (Momentum(_step), Momentum(_step + 1));
        _momentumProduct *= now;
        return gradient.Times((1 - now) / (1 - _momentumProduct)).PlusInPlace(_mean!.Times(next / (1 - (_momentumProduct * next))));
    }
}
