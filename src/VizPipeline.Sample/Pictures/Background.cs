using SkiaSharp;

namespace VizPipeline.Sample.Pictures;

/// <summary>Draws what is behind the subject. Canvas units are pixels here.</summary>
internal static class Background
{
    public static void Draw(Brush brush, float side)
    {
        var back = brush.Palette.Back;
        brush.Canvas.Clear(back);
        switch (brush.Dice.Whole(0, 9))
        {
            case 0: break;
            case 1 or 2: Gradient(brush, side); break;
            case 3 or 4: Clouds(brush, side, 110, 4); break;
            case 5 or 6: Landscape(brush, side); break;
            case 7: Room(brush, side); break;
            case 8: Lights(brush, side); break;
            case 9: FaintPattern(brush, side); break;
        }
        if (brush.Dice.Chance(0.5f))
            Clouds(brush, side, (byte)brush.Dice.Whole(20, 60), brush.Dice.Whole(5, 14));
    }

    private static void Gradient(Brush brush, float side)
    {
        var end = Outline.OnCircle(brush.Dice.Between(0, 360), side * 0.7f);
        var middle = new SKPoint(side / 2, side / 2);
        var from = Palette.Lighter(brush.Palette.Back, brush.Dice.Between(0, 0.3f));
        var to = brush.Dice.Chance(0.5f)
            ? Palette.Darker(brush.Palette.Back, 0.5f)
            : Palette.Blend(brush.Palette.Back, brush.Palette.Any(), 0.4f);
        using var shader = brush.Dice.Chance(0.3f)
            ? SKShader.CreateRadialGradient(middle, side * 0.8f, [from, to], SKShaderTileMode.Clamp)
            : SKShader.CreateLinearGradient(middle + end, middle - end, [from, to], SKShaderTileMode.Clamp);
        using var paint = new SKPaint { Shader = shader };
        brush.Canvas.DrawPaint(paint);
    }

    /// <summary>Smooth noise: a handful of random pixels, enlarged.</summary>
    private static void Clouds(Brush brush, float side, byte strength, int cells)
    {
        using var small = new SKBitmap(cells, cells, SKColorType.Rgba8888, SKAlphaType.Unpremul);
        for (var y = 0; y < cells; y++)
            for (var x = 0; x < cells; x++)
            {
                var bright = brush.Dice.Chance(0.5f);
                var tone = bright ? Palette.Lighter(brush.Palette.Back, 0.7f) : Palette.Darker(brush.Palette.Back, 0.7f);
                small.SetPixel(x, y, tone.WithAlpha((byte)(strength * brush.Dice.Unit())));
            }
        brush.Canvas.DrawBitmap(
            small, new SKRect(-side * 0.1f, -side * 0.1f, side * 1.1f, side * 1.1f), new SKSamplingOptions(SKCubicResampler.Mitchell));
    }

    private static void Landscape(Brush brush, float side)
    {
        var dice = brush.Dice;
        var horizon = side * dice.Between(0.4f, 0.8f);
        var sky = dice.Chance(0.6f) ? brush.Palette.Near(210, 45, 90, 1.5f) : brush.Palette.Back;
        using (var shader = SKShader.CreateLinearGradient(
            new SKPoint(0, 0), new SKPoint(0, horizon), [sky, Palette.Lighter(sky, dice.Between(0.2f, 0.7f))], SKShaderTileMode.Clamp))
        using (var paint = new SKPaint { Shader = shader })
            brush.Canvas.DrawRect(0, 0, side, horizon + side * 0.1f, paint);

        var ground = dice.Chance(0.6f) ? brush.Palette.Near(dice.Pick(95f, 110f, 40f), 50, 55, 1.5f) : brush.Palette.Unlike(sky);
        for (var ridge = 0; ridge < 3; ridge++)
        {
            var y = horizon + ridge * side * 0.1f;
            using var hill = Outline.Draw(path =>
            {
                path.MoveTo(0, side);
                path.LineTo(0, y + dice.Between(-0.06f, 0.06f) * side);
                path.CubicTo(
                    side * 0.3f, y + dice.Between(-0.15f, 0.1f) * side, side * 0.6f, y + dice.Between(-0.1f, 0.15f) * side,
                    side, y + dice.Between(-0.06f, 0.06f) * side);
                path.LineTo(side, side);
                path.Close();
            });
            brush.Fill(hill, Palette.Blend(Palette.Lighter(ground, 0.35f), Palette.Darker(ground, 0.2f), ridge / 2f));
            if (dice.Chance(0.4f))
                break;
        }
        if (dice.Chance(0.4f))
            Grass(brush, side, horizon, ground);
    }

    private static void Grass(Brush brush, float side, float horizon, SKColor ground)
    {
        for (var blade = 0; blade < 60; blade++)
        {
            float x = brush.Dice.Between(0, side), y = brush.Dice.Between(horizon + side * 0.08f, side * 1.05f);
            var color = brush.Dice.Chance(0.5f) ? Palette.Lighter(ground, 0.25f) : Palette.Darker(ground, 0.25f);
            brush.Line(
                color, 1, new SKPoint(x, y), new SKPoint(x + brush.Dice.Between(-2, 2), y - side * brush.Dice.Between(0.03f, 0.08f)));
        }
    }

    private static void Room(Brush brush, float side)
    {
        var edge = side * brush.Dice.Between(0.5f, 0.8f);
        var floor = Palette.Blend(brush.Palette.Back, brush.Palette.Any(), 0.5f);
        brush.Box(0, edge, side, side, floor);
        if (brush.Dice.Chance(0.5f))
            for (var x = -side; x < 2 * side; x += side * 0.18f)
                brush.Line(Palette.Darker(floor, 0.3f), 1, new SKPoint(side / 2 + (x - side / 2) * 0.4f, edge), new SKPoint(x, side));
        brush.Line(Palette.Lighter(floor, 0.4f), side * 0.02f, new SKPoint(0, edge), new SKPoint(side, edge));
    }

    /// <summary>Out-of-focus lights.</summary>
    private static void Lights(Brush brush, float side)
    {
        using var blur = SKMaskFilter.CreateBlur(SKBlurStyle.Normal, side * 0.03f);
        for (var count = brush.Dice.Whole(4, 10); count > 0; count--)
        {
            using var paint = new SKPaint
            {
                Color = Palette.Blend(brush.Palette.Back, brush.Palette.Any(), 0.6f).WithAlpha((byte)brush.Dice.Whole(60, 170)),
                MaskFilter = blur,
                IsAntialias = true,
            };
            brush.Canvas.DrawCircle(
                brush.Dice.Between(0, side), brush.Dice.Between(0, side), side * brush.Dice.Between(0.05f, 0.2f), paint);
        }
    }

    private static void FaintPattern(Brush brush, float side)
    {
        brush.Canvas.Save();
        brush.Canvas.RotateDegrees(brush.Dice.Between(0, 180), side / 2, side / 2);
        brush.Canvas.Translate(side / 2, side / 2);
        // Faint: with a strong pattern behind a ball, the picture would belong to two classes.
        var faint = Palette.Blend(
            brush.Palette.Back, brush.Dice.Chance(0.5f) ? SKColors.White : SKColors.Black, brush.Dice.Between(0.05f, 0.14f));
        Patterns.Draw(
            brush.Dice.Pick(Pattern.Stripes, Pattern.Checks, Pattern.Dots), brush, brush.Palette.Back, faint,
            size: side * brush.Dice.Between(0.08f, 0.25f), reach: side * 0.75f);
        brush.Canvas.Restore();
    }
}
